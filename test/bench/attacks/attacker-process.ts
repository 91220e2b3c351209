import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Interceptor } from '../../helpers/interceptor.ts';
import type { Command, Order, Sent } from './attacker.ts';
import { brokenResponses } from './broken-responses.ts';
import { hostileAnswers } from './hostile-answers.ts';
import { type HostileRequest, hostileRequests } from './hostile-requests.ts';

/** The process of the attacker: CERT-EU's subgraph as the hub sees it, and the clients of attacking readers. */
const interceptor = new Interceptor();
const agent = new Agent({ connections: 64, pipelining: 1 });
let end: () => Promise<Sent> = async () => await Promise.resolve(nothingSent());

function nothingSent(): Sent {
  return { requests: 0, bytes: 0, statuses: {} };
}

async function obey(command: Command): Promise<void> {
  if (command.kind === 'begin') {
    begin(command.order);
    process.send?.('begun');
  } else process.send?.(await end());
}

function begin(order: Order): void {
  interceptor.to = order.subgraph;
  const answers = hostileAnswers[order.attack];
  const respond = brokenResponses[order.attack];
  const requests = hostileRequests[order.attack];
  if (answers !== undefined) end = answerHostilely(answers());
  else if (respond !== undefined) end = respondBrokenly(respond);
  else if (requests !== undefined) end = sendRequests(requests, order);
}

/** Replaces the answers to queries. Sessions are agreed with the real subgraph. */
function answerHostilely(answerOf: ReturnType<(typeof hostileAnswers)[string]>): () => Promise<Sent> {
  const sent = nothingSent();
  interceptor.intercept = async (passed, response) => {
    interceptor.passed.length = 0;
    if (passed.path !== '/graphql') return false;
    const { status, text } = await interceptor.pass(passed);
    sent.statuses[status] = (sent.statuses[status] ?? 0) + 1;
    const chunks = status === 200 ? answerOf(text) : [text];
    response.writeHead(status, { 'content-type': 'application/json' });
    for (const chunk of chunks) response.write(chunk);
    response.end();
    sent.requests += 1;
    sent.bytes += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return true;
  };
  return async () => {
    passOn();
    return await Promise.resolve(sent);
  };
}

/** Sends a response that no GraphQL server sends in place of each answer to a query. */
function respondBrokenly(respond: (typeof brokenResponses)[string]): () => Promise<Sent> {
  const sent = nothingSent();
  interceptor.intercept = async (passed, response) => {
    interceptor.passed.length = 0;
    if (passed.path !== '/graphql') return false;
    sent.requests += 1;
    const { socket } = response;
    const before = socket?.bytesWritten ?? 0;
    response.once('close', () => (sent.bytes += (socket?.bytesWritten ?? 0) - before));
    await respond(response, async () => (await interceptor.pass(passed)).text, interceptor.to);
    return true;
  };
  return async () => {
    passOn();
    return await Promise.resolve(sent);
  };
}

function passOn(): void {
  interceptor.intercept = () => {
    interceptor.passed.length = 0;
    return false;
  };
}

/** Sends requests without a pause. After status 429 it waits as long as the hub says: a refused request has no effect. */
function sendRequests(bodyAt: HostileRequest, { hub, tokens, atOnce }: Order): () => Promise<Sent> {
  const sent = nothingSent();
  const stop = new AbortController();
  let turn = 0;
  const loop = async (token: string): Promise<void> => {
    while (!stop.signal.aborted) {
      turn += 1;
      const body = bodyAt(turn);
      const { status, waitMs } = await send(hub, token, body);
      sent.requests += 1;
      sent.bytes += body.length;
      sent.statuses[status] = (sent.statuses[status] ?? 0) + 1;
      if (waitMs > 0) await pause(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const loops = tokens.flatMap((token) => Array.from({ length: atOnce }, async () => await loop(token)));
  return async () => {
    stop.abort();
    await Promise.all(loops);
    return sent;
  };
}

async function send(
  hub: string,
  token: string,
  body: string,
): Promise<{ readonly status: number | 'failed'; readonly waitMs: number }> {
  try {
    const response = await request(hub, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      dispatcher: agent,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    await response.body.dump({ limit: 100_000_000 });
    const { statusCode: status } = response;
    return { status, waitMs: status === 429 ? 1000 * Number(response.headers['retry-after'] ?? 1) : 0 };
  } catch {
    return { status: 'failed', waitMs: 500 };
  }
}

passOn();
process.on('message', (command: Command) => void obey(command));
process.once('disconnect', () => process.exit());
process.send?.(await interceptor.listen());
