import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { type ActiveTrace, openTraces, type Traces } from '../../../schema/runtime/observe/tracing.ts';
import { type Run, runBoth, runOnly } from '../../../schema/runtime/observe/run.ts';
import type { PartStates } from '../../../schema/runtime/observe/metrics-server.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';
import type { SubgraphSettings } from '../settings.ts';

/** The state of a subgraph that metrics and readiness read. */
export type SubgraphFigures = {
  readonly store: CommunityStore;
  readonly policyVersion: () => number | null;
  readonly isServed: () => boolean;
  readonly hubKeys: () => number;
  readonly isOut: () => boolean;
};

/** Everything that operators see of a subgraph. */
export type SubgraphObserver = {
  /** Whether anything is observed. */
  readonly isOn: boolean;
  readonly run: Run;
  /** Counts the requests; null if nobody reads the counts. */
  readonly count: RequestHandler | null;
  /** Starts the trace of a verified request that the hub traces. Null if traces are off, or for other requests. */
  readonly trace: (traceparent: string | undefined) => ActiveTrace | null;
  stop(): Promise<void>;
};

/** Opens what the settings ask for. A feature that is off loads no code, and costs a request nothing. */
export async function openSubgraphObserver(
  settings: SubgraphSettings,
  figures: SubgraphFigures,
  log: Pick<Logger, 'warn'>,
): Promise<SubgraphObserver> {
  const traces = await openTraces(settings.tracesUrl, `jcu-${settings.community}`);
  if (traces !== null) traceStore(traces, figures.store);
  const metrics = await openMetrics(settings, figures, log);
  return {
    isOn: traces !== null || metrics !== null,
    run: runBoth(traces?.run ?? runOnly, metrics?.run ?? runOnly),
    count: metrics?.count ?? null,
    trace: (traceparent) =>
      traces !== null && traceparent !== undefined && traces.isSampled(traceparent)
        ? traces.start('request', traceparent)
        : null,
    stop: async () => {
      await Promise.all([traces?.stop(), metrics?.stop()]);
    },
  };
}

async function openMetrics(settings: SubgraphSettings, figures: SubgraphFigures, log: Pick<Logger, 'warn'>) {
  const { metricsHost: host, metricsPort: port } = settings;
  if (port === null) return null;
  const [{ createMetrics }, { serveMetrics }, { addSubgraphMetrics }] = await Promise.all([
    import('../../../schema/runtime/observe/metrics.ts'),
    import('../../../schema/runtime/observe/metrics-server.ts'),
    import('./subgraph-metrics.ts'),
  ]);
  const metrics = createMetrics({ server: settings.tlsCert });
  const count = addSubgraphMetrics(metrics, figures);
  const server = await serveMetrics({ host, port }, metrics.registry, () =>
    Promise.resolve({ isReady: figures.isServed(), parts: statesOf(figures) }),
  );
  log.warn({ host, port: server.port }, 'serves the metrics');
  return { run: metrics.run, count, stop: async () => await server.stop() };
}

/** An event of the driver about one command. */
type CommandEvent = { readonly requestId: number; readonly commandName: string };

/** Adds a span for each command of a traced request, with the command's name alone. */
function traceStore(traces: Traces, { connection }: CommunityStore): void {
  const begun = new Map<number, (isFailed: boolean) => void>();
  connection.on('commandStarted', ({ requestId, commandName }: CommandEvent) => {
    const end = traces.open('store', { 'db.system.name': 'mongodb', 'db.operation.name': commandName });
    if (end !== null) begun.set(requestId, end);
  });
  const endWith = (isFailed: boolean) => (event: CommandEvent) => {
    begun.get(event.requestId)?.(isFailed);
    begun.delete(event.requestId);
  };
  connection.on('commandSucceeded', endWith(false));
  connection.on('commandFailed', endWith(true));
}

function statesOf({ store, policyVersion, isServed, hubKeys, isOut }: SubgraphFigures): PartStates {
  return {
    store: isOpen(store) ? 'ready' : 'does not answer',
    policy: policyVersion() === null ? 'none in force' : 'ready',
    'access keys': isServed() ? 'ready' : 'not read yet',
    'hub keys': hubKeys() > 0 ? 'ready' : 'none',
    switch: isOut() ? 'switched out by the operator' : 'ready',
  };
}
