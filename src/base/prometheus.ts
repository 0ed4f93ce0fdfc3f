// Metrics as text for Prometheus.
//
// https://prometheus.io/docs/instrumenting/exposition_formats: base units, one HELP and TYPE a name.

/** One value, with the labels that tell it from others of its name. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A metric with all its samples; ends with a line break. @param type counter: only grows while the process runs */
export function metric(type: 'gauge' | 'counter', name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const inside = Object.entries(labels).map(([key, text]) => `${key}="${label(text)}"`).join(',');
    return `${name}${inside === '' ? '' : `{${inside}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

/** A label's value: backslash, quote and line break are escaped. */
function label(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
