// Values of flags that are one of a few, for completion; a test holds each list against the flag's own parser.

/** By flag and placeholder, as in the help. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  '--runtime <runtime>': ['podman', 'process'],
  '--wait <goal>': ['committed', 'held', 'ready'],
  '--restart <policy>': ['never', 'on-failure', 'always'],
  '--state <state>': ['committed', 'active', 'paused', 'ended'],
  '--disk <kind>': ['ssd', 'hdd'],
  '--spread <what>': ['farm', 'node', 'region'],
  ' <shell>': ['bash', 'zsh', 'fish'],
};
