import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { freePort, type Listening } from './http/listen.ts';
import type { HubSettings } from './settings.ts';

/** The pause before a process that died is started again. It doubles while the process lives less than `calmMs`. */
const pauseMs = { first: 1000, most: 30_000 } as const;
const calmMs = 60_000;

/** Tells a process to finish the requests in progress and to end. */
const stopMessage = 'stop';

type Settings = Pick<HubSettings, 'processes' | 'host' | 'port' | 'metricsPort' | 'checkpointFile'>;

/**
 * Starts the hub in several processes that listen on one port, each with its own caches and connections. This process
 * serves nothing itself. One that dies is started again; a connection that it had not yet taken is then refused by the
 * kernel, and does not wait. Rejects if one ends before it listens; it has then stated the reason on stderr.
 */
export async function startProcesses(given: Settings, log: Log): Promise<Listening> {
  const settings = { ...given, port: await freePort(given.host, given.port) };
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
    // A process that cannot be started has an error instead of an end.
    const end: unknown = await once(worker, 'exit').catch((error: unknown) => error);
    if (signal.aborted) return;
    if (performance.now() - startedAt > calmMs) ms = pauseMs.first;
    log.error({ process: number, end, pauseMs: ms }, 'a process of the hub died: it is started again');
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
  // If the first process is killed, Node would end this one in the middle of its requests.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  process.on('message', (message) => {
    if (message === stopMessage) void running.stop().finally(() => process.exit(0));
  });
  process.send?.({ url: running.url });
}

/**
 * Returns the settings of one process: the port of all; the port for metrics is as many above that of the settings as the number of the
 * process, and the name of the checkpoint file ends with this number, except for process 0.
 */
export function environmentOf(
  number: number,
  { port, metricsPort, checkpointFile }: Omit<Settings, 'host' | 'processes'>,
): Readonly<Record<string, string>> {
  return {
    JCU_PORT: String(port),
    ...(metricsPort !== null && metricsPort > 0 && { JCU_METRICS_PORT: String(metricsPort + number) }),
    ...(checkpointFile !== null &&
      number > 0 && { JCU_AUDIT_CHECKPOINT_FILE: `${checkpointFile}.${number}` }),
  };
}

const listening = new WeakSet<Worker>();

async function untilListening(worker: Worker): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const take = (message: unknown): void => {
    const { url } = (message ?? {}) as { readonly url?: unknown };
    if (typeof url !== 'string') return;
    listening.add(worker);
    resolve(url);
  };
  const fail = (code: number | null, signal: string | null): void =>
    reject(new Error(`a process of the hub ended with ${signal ?? code} before it listened`));
  worker.on('message', take).once('exit', fail).once('error', reject);
  try {
    return await promise;
  } finally {
    worker.off('message', take).off('exit', fail).off('error', reject);
  }
}

/** Ends a process after the requests in progress; one that does not listen yet has none, and ends at once. */
async function endOf(worker: Worker): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  if (!listening.has(worker)) worker.process.kill('SIGTERM');
  else if (worker.isConnected()) worker.send(stopMessage);
  await ended;
}
