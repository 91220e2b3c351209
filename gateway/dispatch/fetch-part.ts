import { Agent, request } from 'undici';
import sjson from 'secure-json-parse';

/** What a subgraph answered, checked for its outer shape only. */
export type PartAnswer = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly unknown[];
  readonly disclosed: unknown;
};

/** The largest answer of one part that the hub reads; beyond it the part is lost. */
export const largestPart = 32 * 1024 * 1024;

/**
 * Asks one subgraph over HTTP. Throws on anything but a timely GraphQL answer of bounded size from that very
 * address: no redirect is followed, no status but 200 is taken, no prototype is touched by what it sends.
 */
export async function fetchPart(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  deadlineMs: number,
  agent: Agent,
): Promise<PartAnswer> {
  return readAnswer(await post(url, { body, headers, deadlineMs, most: largestPart }, agent));
}

/** A status that is not 200. */
export class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`expected status 200, got ${status}`);
    this.status = status;
  }
}

/**
 * Posts to a subgraph and gives what it answers, up to `most` bytes. The headers are these and what HTTP itself needs:
 * nothing that a client sent is among them. Throws UnexpectedStatus on anything but 200, and follows no redirect.
 */
export async function post(
  url: string,
  sent: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly deadlineMs: number;
    readonly most: number;
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
  // undici emits an error on a body that is given up; without a listener it would end the hub.
  response.body.on('error', ignore);
  if (response.statusCode !== 200) {
    response.body.destroy();
    throw new UnexpectedStatus(response.statusCode);
  }
  return await readBody(response.body, sent.most);
}

/**
 * Connections to the subgraphs: kept open, bounded, each with its own time to connect. By https a subgraph proves its
 * name by a certificate of the authority `ca` (PEM) and of no other; without one, by any that this machine trusts.
 */
export function createAgent(ca: string | null = null): Agent {
  return new Agent({
    connections: 64,
    pipelining: 1,
    connectTimeout: 1000,
    keepAliveTimeout: 30_000,
    ...(ca !== null && { connect: { ca } }),
  });
}

async function readBody(body: AsyncIterable<Buffer> & { destroy(): unknown }, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) {
      body.destroy();
      throw new Error(`expected at most ${most} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function ignore(): void {
  // Whoever reads the body meets the error there.
}

function readAnswer(text: string): PartAnswer {
  const value: unknown = sjson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
  if (!isObject(value)) throw new Error('expected a GraphQL answer');
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
