/** Parses the text of a JSON file outside of its records. Returns an empty object if it is not an object. */
export function readHead(outside: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(outside.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
