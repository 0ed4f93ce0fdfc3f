// What a validator that a schema became finds wrong, in words.

/** A validator as src/schema/generate.mjs makes it. */
export interface Validator {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string; params?: Record<string, unknown> }[] | null;
}

/** The first thing that is wrong with a value, or null when it fits. @param name schema name, for the text */
export function wrongOf(name: string, validator: Validator, value: unknown): string | null {
  if (validator(value)) return null;
  const first = validator.errors?.[0];
  const extra = first?.params?.['additionalProperty'] ?? first?.params?.['missingProperty'];
  return `${name}${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}${typeof extra === 'string' && !first?.message?.includes(extra) ? ` (${extra})` : ''}`;
}
