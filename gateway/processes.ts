import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Listening } from './http/listen.ts';
import type { HubSettings } from './settings.ts';

/** The pause before a process that died is started again. It doubles while the process lives less than `calmMs`. */
const pauseMs = { first: 1000, most: 30_000 } as const;
const calmMs = 60_000;

/** Tells a process to finish the requests in progress and to end. */
const stopMessage = 'stop';

type Settings = Pick<HubSettings, 'processes' | 'metricsPort'>;

/**
 * Starts the hub in several processes that share one port, each with its own caches and connections. This process takes
 * the connections and gives them to the others in turn; it serves nothing itself. One that dies is started again. Rejects
 * if one ends before it listens; it has then stated the reason on stderr.
 */
export async function startProcesses(settings: Settings, log: Log): Promise<Listening> {
  const running = new Set<Worker>();
  const stopping = new AbortController();
  const fork = (number: number): Worker => {
    const worker = cluster.fork(environmentOf(number, settings));
    running.add(worker);
    return worker.once('exit', () => running.delete(worker));
  };
  const start = async (number: number): Promise<string> => {
    const worker = fork(number);
    const url = await untilListening(worker);
    void keepRunning(number, worker, { fork, log, signal: stopping.signal });
    return url;
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([...running].map(endOf));
  };
  try {
    const numbers = Array.from({ length: settings.processes }, (_, number) => number);
    const [url = ''] = await Promise.all(numbers.map(start));
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Log = Pick<Logger, 'error' | 'info'>;

/** Starts a process again whenever it dies, until `signal` is aborted. */
async function keepRunning(
  number: number,
  first: Worker,
  { fork, log, signal }: { fork: (number: number) => Worker; log: Log; signal: AbortSignal },
): Promise<void> {
  let worker = first;
  let ms: number = pauseMs.first;
  for (;;) {
    const startedAt = performance.now();
    const [code, by] = await once(worker, 'exit');
    if (signal.aborted) return;
    if (performance.now() - startedAt > calmMs) ms = pauseMs.first;
    log.error({ process: number, code, by, pauseMs: ms }, 'a process of the hub died: it is started again');
    await pause(ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    ms = Math.min(2 * ms, pauseMs.most);
    worker = fork(number);
    const note = () => log.info({ process: number }, 'a process of the hub listens again');
    untilListening(worker).then(note, () => undefined);
  }
}

/** Says to the first process that this one listens, and stops this one when the first process asks. */
export function reportToFirst(running: Listening): void {
  process.on('message', (message) => {
    if (message === stopMessage) void running.stop().finally(() => process.exit(0));
  });
  process.send?.({ listening: running.url });
}

/**
 * Returns what differs for one process: its port for metrics is the number of the process above that of the settings, and
 * the first one alone writes the checkpoint of the audit log.
 */
export function environmentOf(number: number, { metricsPort }: Settings): Readonly<Record<string, string>> {
  return {
    ...(metricsPort !== null && metricsPort > 0 && { JCU_METRICS_PORT: String(metricsPort + number) }),
    ...(number > 0 && { JCU_AUDIT_CHECKPOINT_FILE: '' }),
  };
}

async function untilListening(worker: Worker): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const take = (message: unknown): void => {
    const { listening } = (message ?? {}) as { readonly listening?: unknown };
    if (typeof listening === 'string') resolve(listening);
  };
  const fail = (code: number | null, signal: string | null): void =>
    reject(new Error(`a process of the hub ended with ${signal ?? code} before it listened`));
  worker.on('message', take).once('exit', fail);
  try {
    return await promise;
  } finally {
    worker.off('message', take).off('exit', fail);
  }
}

async function endOf(worker: Worker): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  if (worker.isConnected()) worker.send(stopMessage);
  await ended;
}
