import type { IncomingMessage, ServerResponse } from 'node:http';
import { HubError } from '../../schema/errors.ts';
import { acceptsDeferred, deferredParts } from '../stream/formats.ts';
import { type Answer, answerError, type Parameters } from './operations.ts';

const maxBytes = 1024 * 1024;
const local = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** Returns the HTTP handler of the open server: GraphQL over HTTP at /graphql, and /health. */
export function serveOpen(
  answer: (asked: Parameters) => Promise<Answer>,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (!isLocal(request)) {
      send(response, 'application/json', {
        status: 403,
        text: '{"errors":[{"message":"Requests from this host or origin are not taken."}]}',
      });
      return;
    }
    const path = request.url?.split('?', 1)[0];
    if (path === '/health') {
      send(response, 'application/json', { status: 200, text: '{"status":"up"}' });
      return;
    }
    const type = responseType(request);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const { signal } = gone;
    void toAnswer(request, path, async (given) => await answer({ ...given, signal }))
      .catch((error: unknown) => answerError(error))
      .then(async (got) => await sendAll(response, type, got));
  };
}

async function toAnswer(
  request: IncomingMessage,
  path: string | undefined,
  answer: (asked: Omit<Parameters, 'signal'>) => Promise<Answer>,
): Promise<Answer> {
  if (path !== '/graphql' && path !== '/') throw new HubError('NOT_FOUND');
  const takesParts = acceptsDeferred(request.headers.accept ?? '');
  if (request.method === 'GET') return await answer({ ...ofUrl(request.url ?? ''), takesParts });
  if (request.method !== 'POST') throw new HubError('METHOD_NOT_ALLOWED');
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new HubError('UNSUPPORTED_MEDIA_TYPE');
  return await answer({ ...ofBody(await readBody(request)), takesParts });
}

/** Rejects requests from pages of another origin, and of a host name that resolves to loopback (DNS rebinding). */
function isLocal({ headers: { host, origin } }: IncomingMessage): boolean {
  if (!local.test(host ?? '')) return false;
  return origin === undefined || (URL.canParse(origin) && local.test(new URL(origin).host));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) reject(new HubError('TOO_LARGE', `expected at most ${maxBytes} bytes`));
    else chunks.push(chunk);
  });
  request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  request.on('error', reject);
  return await promise;
}

/** The parameters without what the headers and the connection say. */
type Given = Omit<Parameters, 'takesParts' | 'signal'>;

function ofBody(text: string): Given {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new HubError('BAD_REQUEST', String(error), { cause: error });
  }
  if (typeof body !== 'object' || body === null) throw new HubError('BAD_REQUEST', 'expected a JSON object');
  const { query, operationName, variables } = body as Record<string, unknown>;
  return toParameters(query, operationName, variables, false);
}

function ofUrl(url: string): Given {
  const given = new URL(url, 'http://localhost').searchParams;
  let variables: unknown;
  try {
    variables = JSON.parse(given.get('variables') ?? 'null');
  } catch (error) {
    throw new HubError('BAD_REQUEST', `variables: ${String(error)}`, { cause: error });
  }
  return toParameters(given.get('query'), given.get('operationName'), variables, true);
}

function toParameters(query: unknown, name: unknown, variables: unknown, isSafe: boolean): Given {
  const operationName = name ?? null;
  const values = variables ?? {};
  if (typeof query !== 'string' || query === '') throw new HubError('BAD_REQUEST', 'expected a "query"');
  if (operationName !== null && typeof operationName !== 'string')
    throw new HubError('BAD_REQUEST', 'operationName: expected a text');
  if (typeof values !== 'object' || Array.isArray(values))
    throw new HubError('BAD_REQUEST', 'variables: expected an object');
  return {
    query,
    operationName: operationName === '' ? null : operationName,
    variables: values as Parameters['variables'],
    isSafe,
  };
}

function responseType({ headers: { accept } }: IncomingMessage): string {
  return accept?.includes('application/graphql-response+json') === true
    ? 'application/graphql-response+json'
    : 'application/json';
}

/** Sends an answer, with its later parts if it has some. */
async function sendAll(response: ServerResponse, type: string, answer: Answer): Promise<void> {
  if (answer.later === undefined) {
    send(response, type, answer);
    return;
  }
  const { contentType, start, frame, end } = deferredParts;
  response.writeHead(answer.status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.write(start + frame(answer.text));
  try {
    for await (const text of answer.later) response.write(frame(text));
  } catch {
    const { text } = answerError(new HubError('INTERNAL'));
    response.write(frame(JSON.stringify({ ...JSON.parse(text), hasNext: false })));
  }
  response.end(end);
}

/** Answers below this size are sent as text, in one write with the headers. Larger ones are encoded once. */
const encodedFrom = 16_384;

function send(response: ServerResponse, type: string, answer: Answer): void {
  const { status, text } = answer;
  if (text.length >= encodedFrom) answer.bytes ??= Buffer.from(text);
  response.writeHead(status, [
    'content-type',
    `${type}; charset=utf-8`,
    'content-length',
    String(answer.bytes?.length ?? Buffer.byteLength(text)),
    'cache-control',
    'no-store',
  ]);
  response.end(answer.bytes ?? text);
}
