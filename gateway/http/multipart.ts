/** The content type of an answer in parts (RFC 2046), with the version of the incremental delivery. */
export const deferredType = 'multipart/mixed; boundary="-"; deferSpec=20220824';

/** Returns whether a client takes an answer with deferred fragments in parts. */
export function takesDeferred(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((one) => {
    const [type = '', ...parameters] = one.split(';').map((text) => text.trim().toLowerCase());
    if (type !== 'multipart/mixed') return false;
    const spec = parameters.find((text) => text.startsWith('deferspec='));
    const isSubscription = parameters.some((text) => text.startsWith('subscriptionspec='));
    return spec === undefined ? !isSubscription : spec === 'deferspec=20220824';
  });
}

/** Returns a part with a JSON text. The boundary after it lets the client read the part at once. */
export function jsonPart(json: string, position: 'first' | 'next' | 'last'): string {
  const begin = position === 'first' ? '\r\n---' : '';
  const end = position === 'last' ? '\r\n-----\r\n' : '\r\n---';
  return `${begin}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}${end}`;
}
