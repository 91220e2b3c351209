import type { Logger } from 'pino';
import { type Run, runBoth, runOnly } from '../../schema/runtime/observe/run.ts';
import { type ActiveTrace, openTraces } from '../../schema/runtime/observe/tracing.ts';
import type { PartStates } from '../../schema/runtime/observe/metrics-server.ts';
import type { HubSettings } from '../settings.ts';
import { openAccessLines } from './access-log.ts';
import type { HubFigures } from './hub-metrics.ts';
import { type NoteAnswer, noteAnswer, noteNothing } from './note-answer.ts';
import type { Observed, OnEnded } from './observed.ts';

/** Everything that operators see of the hub: access log, metrics and readiness of its parts. */
export type Observer = {
  readonly run: Run;
  /** Measures work for several requests at once, which belongs to the trace of none. */
  readonly runShared: Run;
  /** Null if nobody wants to know about requests. */
  readonly ended: OnEnded | null;
  /** Starts the trace of a request, if it is one of those that are traced. Null if traces are off. */
  readonly trace: ((traceparent: string | undefined) => ActiveTrace | null) | null;
  readonly traceHeaders: Observed['traceHeaders'];
  readonly note: NoteAnswer;
  stop(): Promise<void>;
};

/** The readiness of the hub's parts. */
export type Readiness = () => Promise<{ readonly isReady: boolean; readonly parts: PartStates }>;

/** Opens what the settings ask for. A feature that is off loads no code, and costs a request nothing. */
export async function openObserver(
  settings: HubSettings,
  figures: HubFigures,
  readiness: Readiness,
  log: Pick<Logger, 'warn' | 'error'>,
): Promise<Observer> {
  const lines = settings.accessLog === null ? null : openAccessLines(settings.accessLog, log);
  const metrics =
    settings.metricsPort === null
      ? null
      : await openMetrics({ ...settings, metricsPort: settings.metricsPort }, figures, readiness, log);
  const traces = await openTraces(settings.tracesUrl, 'jcu-hub');
  // The ratio alone decides: a client's `traceparent`, with its flag and its id, has no influence on it.
  const isTraced = () => Math.random() < settings.tracesRatio;
  const listeners = [lines?.ended, metrics?.ended].filter((one) => one !== undefined);
  return {
    run: runBoth(traces?.run ?? runOnly, metrics?.run ?? runOnly),
    runShared: metrics?.run ?? runOnly,
    ended: listeners.length === 0 ? null : (ended) => listeners.forEach((one) => one(ended)),
    trace:
      traces === null ? null : (traceparent) => (isTraced() ? traces.start('request', traceparent) : null),
    traceHeaders: () => traces?.headers() ?? {},
    note: listeners.length === 0 && traces === null ? noteNothing : noteAnswer,
    stop: async () => {
      await traces?.stop();
      lines?.stop();
      await metrics?.stop();
    },
  };
}

async function openMetrics(
  settings: HubSettings & { readonly metricsPort: number },
  figures: HubFigures,
  readiness: Readiness,
  log: Pick<Logger, 'warn'>,
) {
  const [{ createMetrics }, { serveMetrics }, { addHubMetrics }] = await Promise.all([
    import('../../schema/runtime/observe/metrics.ts'),
    import('../../schema/runtime/observe/metrics-server.ts'),
    import('./hub-metrics.ts'),
  ]);
  const metrics = createMetrics({ server: settings.tlsCert, subgraphs: settings.subgraphsCa });
  const ended = addHubMetrics(metrics, figures);
  const { metricsHost: host, metricsPort: port } = settings;
  const server = await serveMetrics({ host, port }, metrics.registry, readiness);
  log.warn({ host, port: server.port }, 'serves the metrics');
  return { run: metrics.run, ended, stop: async () => await server.stop() };
}
