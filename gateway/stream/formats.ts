/** How the results of one operation are written to the body of an HTTP response. */
export type StreamFormat = {
  readonly contentType: string;
  readonly start: string;
  /** Returns the text of one result in JSON. */
  readonly frame: (json: string) => string;
  readonly heartbeat: string;
  readonly end: string;
};

/** Server-sent events in the mode of distinct connections (protocol of graphql-sse). */
export const eventStream: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  start: ':\n\n',
  frame: (json) => `event: next\ndata: ${json}\n\n`,
  heartbeat: ':\n\n',
  end: 'event: complete\ndata:\n\n',
};

const partOf = (boundary: string) => (json: string) =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--${boundary}`;
const part = partOf('graphql');

/** Apollo's protocol of multipart subscriptions, version 1.0. An empty object is a heartbeat. */
export const multipart: StreamFormat = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
  start: '\r\n--graphql',
  frame: (json) => part(`{"payload":${json}}`),
  heartbeat: part('{}'),
  end: '--\r\n',
};

/** An answer with deferred fragments in parts: the incremental delivery of August 2022 (RFC 2046). */
export const deferredParts: StreamFormat = {
  contentType: 'multipart/mixed; boundary="-"; deferSpec=20220824',
  start: '\r\n---',
  frame: partOf('-'),
  // The whole answer has a deadline below the pause between two heartbeats.
  heartbeat: '',
  end: '--\r\n',
};

/** Returns whether a client accepts an answer with deferred fragments in parts. */
export function acceptsDeferred(accept: string): boolean {
  return accept.split(',').some((one) => {
    const [type = '', ...parameters] = one.split(';').map((text) => text.trim().toLowerCase());
    if (type !== 'multipart/mixed') return false;
    const spec = parameters.find((text) => text.startsWith('deferspec='));
    const isSubscription = parameters.some((text) => text.startsWith('subscriptionspec='));
    return spec === undefined ? !isSubscription : spec === 'deferspec=20220824';
  });
}

/**
 * Returns the format that a client accepts for an operation; null if the response is a plain one. A client that also
 * accepts JSON gets queries and changes as JSON.
 */
export function formatFor(accept: string, isSubscription: boolean): StreamFormat | null {
  const acceptsEvents = /\btext\/event-stream\b/i.test(accept);
  if (!isSubscription) return acceptsEvents && !/\/json|\+json|\*\/\*/i.test(accept) ? eventStream : null;
  if (acceptsEvents) return eventStream;
  return /\bmultipart\/mixed\b/i.test(accept) ? multipart : null;
}

/** Returns whether a client accepts one of the formats at all. */
export function acceptsStream(accept: string): boolean {
  return /\btext\/event-stream\b|\bmultipart\/mixed\b/i.test(accept);
}
