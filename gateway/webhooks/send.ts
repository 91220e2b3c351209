import { Agent, request } from 'undici';
import { createConnector, type Resolve } from '../outbound/connector.ts';
import { createResolve } from '../outbound/resolver.ts';
import { isClosed, type WebhookNetworks } from '../outbound/webhook-address.ts';
import { readRetryAfter } from './schedule.ts';
import { type SignedMessage, signedHeaders } from './signature.ts';

/** The outcome of one attempt. `reason` says why it failed, without the address and without anything of the answer's body. */
export type Sent =
  | { readonly kind: 'delivered' | 'gone' }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | null };

/** Sends a message to an address. Never rejects. */
export type Send = (
  url: string,
  message: SignedMessage,
  secrets: readonly Buffer[],
  signal: AbortSignal,
) => Promise<Sent>;

/** The longest time for one attempt, from the connection to the end of the answer. */
const sendMs = 15_000;
/** The bytes of an answer that are read, so that the connection can be used again. The rest is cut off. */
const maxAnswerBytes = 16_384;
const maxHeaderBytes = 16_384;
const connectionsForEach = 2;

/**
 * Creates the function that sends messages. It follows no redirect, and checks each address of the host when it connects.
 * `stop` ends its connections.
 */
export function createSend(
  networks: WebhookNetworks,
  deadlineMs = sendMs,
  resolve: Resolve = createResolve(),
) {
  const agent = new Agent({
    connections: connectionsForEach,
    maxHeaderSize: maxHeaderBytes,
    connect: createConnector(
      { ca: null, timeoutMs: 5000, isRefused: (address) => isClosed(address, networks) },
      resolve,
    ),
  });
  const send: Send = async (url, message, secrets, signal) => {
    try {
      return await post(
        agent,
        url,
        message,
        secrets,
        AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      );
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error), retryAfterMs: null };
    }
  };
  return { send, stop: async () => await agent.destroy() };
}

async function post(
  dispatcher: Agent,
  url: string,
  message: SignedMessage,
  secrets: readonly Buffer[],
  signal: AbortSignal,
): Promise<Sent> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'jcu-hub',
    ...signedHeaders(message, secrets),
  };
  const {
    statusCode,
    headers: given,
    body,
  } = await request(url, {
    dispatcher,
    method: 'POST',
    headers,
    body: message.body,
    signal,
  });
  // The status decides. An answer that has no end must not keep the attempt open.
  await body.dump({ limit: maxAnswerBytes, signal }).catch(() => undefined);
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
  if (statusCode === 410) return { kind: 'gone' };
  const retryAfter = given['retry-after'];
  return {
    kind: 'failed',
    reason: `status ${statusCode}`,
    retryAfterMs: readRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, new Date()),
  };
}

/** Returns the code or the name of an error. Its message can contain the address. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}
