import { isUtf8 } from 'node:buffer';
import sjson from 'secure-json-parse';
import { type AnswerSize, countValues } from './answer-size.ts';
import { Connections, type Sent } from '../outbound/connections.ts';
import { createConnector } from '../outbound/connector.ts';

/** The response of a subgraph. Only its outer structure is checked. */
export type SubgraphResponse = {
  readonly data: Record<string, unknown> | null;
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
  agent: Connections,
  { size, signal }: Reading,
): Promise<SubgraphResponse> {
  const bytes = await post(url, { body, headers, deadlineMs, addBytes: size.addBytes, signal }, agent);
  countValues(bytes, size);
  return readAnswer(decode(bytes));
}

/** How one answer is read: the count of its size, and the signal to stop. */
export type Reading = { readonly size: AnswerSize; readonly signal: AbortSignal | null };

/** Says that a subgraph responded with a status other than 200. */
export class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`expected status 200, got ${status}`);
    this.status = status;
  }
}

/**
 * Posts to a subgraph and returns the body of the response. It sends only the given headers and those that HTTP needs,
 * none of the client's. Throws UnexpectedStatus if the status is not 200. Follows no redirect.
 */
export async function post(url: string, sent: Sent, agent: Connections): Promise<Buffer> {
  const { status, body } = await agent.post(url, sent);
  if (status !== 200) throw new UnexpectedStatus(status);
  return body;
}

/**
 * Creates the connections to the subgraphs: kept alive, at most `connections` to each. With `ca` (PEM), only certificates
 * of that authority are accepted; without it, those that this machine trusts. It connects to no link-local, metadata,
 * multicast or unspecified address, also if DNS gives it.
 */
export function createAgent(ca: string | null = null, connections = 64): Connections {
  return new Connections(createConnector({ ca, timeoutMs: 1000 }), connections);
}

/** Decodes a body. Throws if it is not UTF-8. */
export function decode(body: Buffer): string {
  if (!isUtf8(body)) throw new TypeError('expected an answer in UTF-8, got other bytes');
  return body.toString('utf8');
}

function readAnswer(text: string): SubgraphResponse {
  const value: unknown = mayPollute(text)
    ? sjson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' })
    : JSON.parse(text);
  if (!isObject(value)) throw new Error('expected a GraphQL response, got no JSON object');
  const data = value['data'] ?? null;
  const errors = value['errors'] ?? [];
  if (data !== null && !isObject(data)) throw new Error('expected data to be an object or null');
  if (!Array.isArray(errors)) throw new Error('expected errors to be a list');
  const extensions = value['extensions'];
  return { data, errors, disclosed: isObject(extensions) ? extensions['disclosed'] : undefined };
}

/** Whether a text may have a key that changes a prototype, spelled out or escaped: then it is parsed with care. */
function mayPollute(text: string): boolean {
  return text.includes('__proto__') || text.includes('constructor') || text.includes(String.raw`\u`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
