import { isUtf8 } from 'node:buffer';
import { Agent, type Dispatcher } from 'undici';
import sjson from 'secure-json-parse';
import { type AnswerSize, countValues } from './answer-size.ts';
import { DeadlineExceeded } from '../../schema/runtime/within.ts';
import { createConnector } from '../outbound/connector.ts';

/** The response of a subgraph. Only its outer structure is checked. */
export type SubgraphResponse = {
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly unknown[];
  readonly disclosed: unknown;
  /** Whether the community allows to give the answer to other readers of the same permission class. */
  readonly isShareable: boolean;
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
export type Reading = { readonly size: AnswerSize; readonly signal: AbortSignal | null };

/** Says that a subgraph responded with a status other than 200. */
export class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`expected status 200, got ${status}`);
    this.status = status;
  }
}

/** Codes of errors of a connection that could not be made, or that the other side ended. */
const lostConnection: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
]);

/**
 * Says that the connection failed before the header of an answer arrived, as when a subgraph is restarted or closes an
 * idle connection. The same query can then be sent again. `code` is that of the connection's error.
 */
export class NoAnswer extends Error {
  readonly code: unknown;

  constructor(cause: Error & { readonly code?: unknown }) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/**
 * Posts to a subgraph and returns the body of the response; `addBytes` throws if it is too large. It sends only the
 * given headers and those that HTTP needs, none of the client's. Throws UnexpectedStatus if the status is not 200, and
 * NoAnswer if the connection fails before an answer begins. Follows no redirect.
 */
export async function post(
  url: string,
  sent: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly deadlineMs: number;
    readonly addBytes: AnswerSize['addBytes'];
    /** Aborted when the client has left; null if the request always runs to its end. */
    readonly signal: AbortSignal | null;
  },
  agent: Agent,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { origin, path } = toTarget(url);
  const answer = new Answer(sent.addBytes, resolve, reject);
  const timer = setTimeout(() => {
    answer.stop(new DeadlineExceeded(`expected an answer within ${sent.deadlineMs} ms, got none`));
  }, sent.deadlineMs);
  const leave = () => answer.stop(new Error('nobody waits for the answer any more'));
  if (sent.signal?.aborted === true) leave();
  sent.signal?.addEventListener('abort', leave, { once: true });
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...sent.headers };
  agent.dispatch({ origin, path, method: 'POST', headers, body: sent.body }, answer);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    sent.signal?.removeEventListener('abort', leave);
  }
}

type Target = { readonly origin: string; readonly path: string };

/** The URLs of the subgraphs: those of the settings or of the supergraph. */
const targets = new Map<string, Target>();

function toTarget(url: string): Target {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const { origin, pathname, search } = new URL(url);
  const target = { origin, path: pathname + search };
  targets.set(url, target);
  return target;
}

type Controller = Dispatcher.DispatchController;

/** Collects the body of one response. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #addBytes: AnswerSize['addBytes'];
  readonly #resolve: (body: Buffer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #hasBegun = false;
  #controller: Controller | undefined;
  #stopped: Error | undefined;

  constructor(
    addBytes: AnswerSize['addBytes'],
    resolve: (body: Buffer) => void,
    reject: (error: Error) => void,
  ) {
    this.#addBytes = addBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the request, also while it still waits for a connection. */
  stop(error: Error): void {
    this.#stopped ??= error;
    this.#reject(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#stopped !== undefined) controller.abort(this.#stopped);
  }

  onResponseStart(_controller: Controller, statusCode: number): void {
    this.#hasBegun = true;
    if (statusCode >= 200 && statusCode !== 200) this.stop(new UnexpectedStatus(statusCode));
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    try {
      this.#addBytes(chunk.length);
      this.#chunks.push(chunk);
    } catch (error) {
      this.stop(error as Error);
    }
  }

  onResponseEnd(): void {
    const [first, ...others] = this.#chunks;
    this.#resolve(first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks));
  }

  onResponseError(_controller: Controller, error: Error & { readonly code?: unknown }): void {
    const isLost = !this.#hasBegun && lostConnection.has(error.code);
    this.#reject(isLost ? new NoAnswer(error) : error);
  }
}

/**
 * Creates the connection pool to the subgraphs: kept alive, at most `connections` per subgraph, over HTTP/1.1. With `ca` (PEM),
 * only certificates of that authority are accepted; without it, those that this machine trusts. It connects to no link-local,
 * metadata, multicast or unspecified address, also if DNS gives it.
 */
export function createAgent(ca: string | null = null, connections = 64): Agent {
  return new Agent({
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    // A subgraph says that it keeps idle connections longer. Closing them first leaves no request on a closed one.
    keepAliveMaxTimeout: 30_000,
    connect: createConnector({ ca, timeoutMs: 1000 }),
  });
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
  const extensions = isObject(value['extensions']) ? value['extensions'] : {};
  const { disclosed, shareable } = extensions;
  return { data, errors, disclosed, isShareable: shareable === true };
}

/** Returns true if a text may have a key that changes a prototype, plain or escaped. The slower parser then checks each key. */
function mayPollute(text: string): boolean {
  return text.includes('__proto__') || text.includes('constructor') || text.includes(String.raw`\u`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
