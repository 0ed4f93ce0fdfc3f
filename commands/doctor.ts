// 3bot doctor
import type { Finding } from '../src/self/doctor.js';
import type { CommandFile } from './command.js';

export const command: CommandFile = {
  about: 'Each check says what was seen and what to do about it. Exit code 0 when everything is well that this home folder is set up\nfor: what only a node needs does not count where there is none.',
  examples: ['3bot doctor', '3bot doctor --json'],
  async run({ home, clock, signal, out, flags, progress: start }) {
    const { examine } = await import('../src/self/doctor.js');
    const { Problem } = await import('../src/base/errors.js');
    const findings: Finding[] = [];
    using progress = await start('looking at this machine');
    for await (const finding of examine({ home, clock, signal })) {
      findings.push(finding);
      progress.say(finding.name);
    }
    progress.stop();
    const failed = findings.filter(({ ok, needed }) => !ok && needed);
    if (flags.json) out.one({ json: { ok: failed.length === 0, checks: findings }, text: () => '' });
    else for (const line of textOf(findings)) out.line({}, () => line);
    const [first] = failed;
    if (first !== undefined) throw new Problem('failed', `${failed.length === 1 ? 'one check' : `${failed.length} checks`} failed: ${failed.map(({ name }) => name).join(', ')}`, { reason: 'checks', ...(first.remedy === null ? {} : { hint: first.remedy }) });
  },
};

function textOf(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings.flatMap(({ name, ok, needed, evidence, remedy }) => [
    `${ok ? 'ok' : needed ? 'no' : '- '}  ${name.padEnd(width)}  ${evidence}`,
    ...(remedy === null ? [] : [`    ${' '.repeat(width)}  → ${remedy}`]),
  ]);
}
