import { Agent, request } from 'undici';
import { percentile } from '../figures.ts';

/** The URL and the token of a request. */
export type Asker = { readonly url: string; readonly token: string };

export type Body = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };

/** One answer: its latency, and whether it was complete (status 200 and no error). */
export type Timed = { readonly ms: number; readonly text: string; readonly whole: boolean };

/** Latencies in milliseconds, the number of answers and the answers per second. */
export type Latency = {
  readonly p50: number;
  readonly p99: number;
  readonly answers: number;
  readonly perSecond: number;
  /** Incomplete answers, because a subgraph missed its deadline. Their times count like all others. */
  readonly broken: number;
};

const agent = new Agent({ connections: 64, pipelining: 1 });

/** Sends one request. Throws if the answer is incomplete. */
export async function askWhole(asker: Asker, body: Body): Promise<Timed> {
  const answer = await ask(asker, body);
  if (!answer.whole) throw new Error(`an answer that is not whole: ${answer.text.slice(0, 300)}`);
  return answer;
}

/** Sends one request. */
export async function ask(asker: Asker, body: Body): Promise<Timed> {
  const began = performance.now();
  const response = await request(asker.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${asker.token}` },
    body: JSON.stringify(body),
    dispatcher: agent,
  });
  const text = await response.body.text();
  const ms = performance.now() - began;
  return { ms, text, whole: response.statusCode === 200 && !text.includes('"errors":') };
}

/** Sends concurrent requests until the time is over or the number of answers is reached. */
export async function measure(
  asker: Asker,
  bodyAt: (turn: number) => Body,
  limits: {
    readonly atOnce: number;
    readonly seconds: number;
    readonly answers: number;
    readonly from: number;
  },
): Promise<Latency> {
  const times: number[] = [];
  const began = performance.now();
  let turn = limits.from;
  let broken = 0;
  const isOver = () =>
    turn - limits.from >= limits.answers || performance.now() - began > limits.seconds * 1000;
  const one = async () => {
    while (!isOver()) {
      const body = bodyAt(turn);
      turn += 1;
      const { ms, whole } = await ask(asker, body);
      times.push(ms);
      if (!whole) broken += 1;
    }
  };
  await Promise.all(Array.from({ length: limits.atOnce }, one));
  const seconds = (performance.now() - began) / 1000;
  return {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    answers: times.length,
    perSecond: times.length / seconds,
    broken,
  };
}

/** Closes the connections. */
export async function hangUp(): Promise<void> {
  await agent.close();
}
