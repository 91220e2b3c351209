import { Agent, request } from 'undici';
import sjson from 'secure-json-parse';
import { type AnswerSize, countValues } from './answer-size.ts';
import { createConnector } from '../outbound/connector.ts';

/** The response of a subgraph. Only its outer structure is checked. */
export type SubgraphResponse = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly unknown[];
  readonly disclosed: unknown;
};

/**
 * Sends a query to one subgraph over HTTP. Throws unless a GraphQL response with status 200 arrives in time, within the
 * limits of `size`: the bytes while they are read, the values before they are parsed. It follows no redirect, and
 * rejects keys that could change a prototype.
 */
export async function fetchSubgraph(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  deadlineMs: number,
  agent: Agent,
  { size, signal }: Reading,
): Promise<SubgraphResponse> {
  const bytes = await post(url, { body, headers, deadlineMs, addBytes: size.addBytes, signal }, agent);
  countValues(bytes, size);
  return readAnswer(decode(bytes));
}

/** How one answer is read: the count of its size, and the signal to stop. */
export type Reading = { readonly size: AnswerSize; readonly signal: AbortSignal };

/** Says that a subgraph responded with a status other than 200. */
export class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`expected status 200, got ${status}`);
    this.status = status;
  }
}

/**
 * Posts to a subgraph and returns the body of the response; `addBytes` throws if it is too large. It sends only the
 * given headers and those that HTTP needs, none of the client's. Throws UnexpectedStatus if the status is not 200.
 * Follows no redirect.
 */
export async function post(
  url: string,
  sent: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly deadlineMs: number;
    readonly addBytes: AnswerSize['addBytes'];
    /** Aborted when nobody waits for the response any more. */
    readonly signal: AbortSignal;
  },
  agent: Agent,
): Promise<Buffer> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...sent.headers },
    body: sent.body,
    dispatcher: agent,
    signal: AbortSignal.any([sent.signal, AbortSignal.timeout(sent.deadlineMs)]),
  });
  // undici emits an error on an aborted body. Without a listener, it would end the process.
  response.body.on('error', ignore);
  if (response.statusCode !== 200) {
    response.body.destroy();
    throw new UnexpectedStatus(response.statusCode);
  }
  return await readBody(response.body, sent.addBytes);
}

/**
 * Creates the connection pool to the subgraphs: kept alive, at most 64 per subgraph. With `ca` (PEM), only certificates
 * of that authority are accepted; without it, those that this machine trusts. It connects to no link-local, metadata,
 * multicast or unspecified address, also if DNS gives it.
 */
export function createAgent(ca: string | null = null): Agent {
  return new Agent({
    connections: 64,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    // A subgraph says that it keeps idle connections longer. Closing them first leaves no request on a closed one.
    keepAliveMaxTimeout: 30_000,
    connect: createConnector({ ca, timeoutMs: 1000 }),
  });
}

async function readBody(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  addBytes: AnswerSize['addBytes'],
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) {
      addBytes(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    body.destroy();
    throw error;
  }
  return Buffer.concat(chunks);
}

/** Decodes a body. Throws if it is not UTF-8. */
export function decode(body: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}

function ignore(): void {
  // Reading the body throws the same error.
}

function readAnswer(text: string): SubgraphResponse {
  const value: unknown = sjson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
  if (!isObject(value)) throw new Error('expected a GraphQL response, got no JSON object');
  const data = value['data'] ?? null;
  const errors = value['errors'] ?? [];
  if (data !== null && !isObject(data)) throw new Error('expected data to be an object or null');
  if (!Array.isArray(errors)) throw new Error('expected errors to be a list');
  const extensions = value['extensions'];
  return { data, errors, disclosed: isObject(extensions) ? extensions['disclosed'] : undefined };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
