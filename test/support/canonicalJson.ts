/**
 * Canonical JSON (RFC 8785) of values without numbers beyond 2^53: JavaScript sorts strings by UTF-16 units, JSON.stringify
 * does the rest. Undefined fields are left out.
 */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  const keys = entries.map(([key]) => key).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join(',')}}`;
}
