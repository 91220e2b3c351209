/** Characters that JSON escapes, and surrogates, which it escapes if they stand alone. */
// oxlint-disable-next-line no-control-regex -- these are the characters that JSON escapes
const special = /["\\\u0000-\u001F\uD800-\uDFFF]/;

/** Returns the JSON text of a value. Short texts without special characters, which most are, cost a fraction. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return special.test(value) ? JSON.stringify(value) : `"${value}"`;
}
