/** Authentication context classes of the trial (RFC 9068 section 2.2.1): one factor, or two. */
export const acr = { basic: 'urn:jcu:acr:basic', strong: 'urn:jcu:acr:strong' } as const;

/** Tells whether a request's `acr_values` ask for the second factor. */
export function asksStrong(acrValues: unknown): boolean {
  return typeof acrValues === 'string' && acrValues.split(' ').includes(acr.strong);
}
