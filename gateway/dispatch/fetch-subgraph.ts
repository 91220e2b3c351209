import { Agent, request } from 'undici';
import sjson from 'secure-json-parse';
import { createConnector } from '../outbound/connector.ts';

/** The response of a subgraph. Only its outer structure is checked. */
export type SubgraphResponse = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly unknown[];
  readonly disclosed: unknown;
};

/** The maximum size of one response in bytes. A subgraph that sends more fails. */
export const maxResponseBytes = 32 * 1024 * 1024;

/**
 * Sends a query to one subgraph over HTTP. Throws unless a GraphQL response of bounded size with status 200 arrives in
 * time. It follows no redirect, and rejects keys that could change a prototype.
 */
export async function fetchSubgraph(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  deadlineMs: number,
  agent: Agent,
): Promise<SubgraphResponse> {
  return readAnswer(await post(url, { body, headers, deadlineMs, maxBytes: maxResponseBytes }, agent));
}

/** Says that a subgraph responded with a status other than 200. */
export class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`expected status 200, got ${status}`);
    this.status = status;
  }
}

/**
 * Posts to a subgraph and returns the body of the response, up to `maxBytes`. It sends only the given headers and those
 * that HTTP needs, none of the client's. Throws UnexpectedStatus if the status is not 200. Follows no redirect.
 */
export async function post(
  url: string,
  sent: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly deadlineMs: number;
    readonly maxBytes: number;
  },
  agent: Agent,
): Promise<string> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...sent.headers },
    body: sent.body,
    dispatcher: agent,
    signal: AbortSignal.timeout(sent.deadlineMs),
  });
  // undici emits an error on an aborted body. Without a listener, it would end the process.
  response.body.on('error', ignore);
  if (response.statusCode !== 200) {
    response.body.destroy();
    throw new UnexpectedStatus(response.statusCode);
  }
  return await readBody(response.body, sent.maxBytes);
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
    connect: createConnector({ ca, timeoutMs: 1000 }),
  });
}

async function readBody(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      body.destroy();
      throw new Error(`expected at most ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
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
