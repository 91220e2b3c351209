import { request, Agent } from 'undici';
import { setTimeout as pause } from 'node:timers/promises';
import { kinds } from './kinds.ts';

/** An order to the process that sends hostile queries: `count` requests, `perSecond` of them a second. */
export type Order = {
  readonly url: string;
  readonly token: string;
  readonly kind: string;
  readonly count: number;
  readonly perSecond: number;
};

/** The number of each status; `failed` without an answer. */
export type Statuses = Record<string, number>;

/** Bodies that are sent in turn: building each one would take the sender longer than sending it. */
const bodies = 50;
const stepMs = 10;
/** Below the 1,000 connections that the hub accepts. */
const agent = new Agent({ connections: 900, pipelining: 1, connect: { timeout: 60_000 } });

async function obey({ url, token, kind, count, perSecond }: Order): Promise<void> {
  const one = kinds.find(({ name }) => name === kind);
  const texts = Array.from({ length: bodies }, (_, at) => one?.body(at) ?? '');
  const statuses: Statuses = {};
  const sent: Promise<void>[] = [];
  const start = performance.now();
  while (sent.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1000) * perSecond));
    while (sent.length < due) sent.push(send(url, token, texts[sent.length % bodies] ?? '', statuses));
    await pause(stepMs);
  }
  await Promise.all(sent);
  process.send?.(statuses);
}

async function send(url: string, token: string, body: string, statuses: Statuses): Promise<void> {
  const status = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
    dispatcher: agent,
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  }).then(
    async (response) => {
      await response.body.dump();
      return String(response.statusCode);
    },
    () => 'failed',
  );
  statuses[status] = (statuses[status] ?? 0) + 1;
}

process.on('message', (order: Order) => void obey(order));
process.once('disconnect', () => process.exit());
