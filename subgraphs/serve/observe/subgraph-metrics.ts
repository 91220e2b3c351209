import type { RequestHandler } from 'express';
import { Counter, Histogram } from 'prom-client';
import { addGauge, type Metrics, secondsBuckets } from '../../../schema/runtime/observe/metrics.ts';
import { within } from '../../../schema/runtime/within.ts';
import { readKeyStatus } from '../operate/relabel-status.ts';
import type { CommunityStore } from '../store/store.ts';
import type { SubgraphFigures } from './subgraph-observer.ts';

const patienceMs = 1000;

/** Adds the metrics of a subgraph. Returns the handler that counts the requests. */
export function addSubgraphMetrics(metrics: Metrics, figures: SubgraphFigures): RequestHandler {
  addGauge(metrics, { name: 'jcu_policy_version', help: 'Version of the policy in force' }, () => [
    [{}, figures.policyVersion()],
  ]);
  addGauge(
    metrics,
    { name: 'jcu_switched_out', help: '1 while the operator has disconnected the community' },
    () => [[{}, figures.isOut() ? 1 : 0]],
  );
  addRelabelling(metrics, figures.store);
  addStoreTimes(metrics, figures.store);
  return countRequests(metrics);
}

function addRelabelling(metrics: Metrics, store: CommunityStore): void {
  addGauge(
    metrics,
    {
      name: 'jcu_relabel_records',
      help: 'Records of the relabelling in progress: done, and all; both 0 if none is in progress',
      labelNames: ['count'],
    },
    async () => {
      const { lease } = await within(patienceMs, readKeyStatus(store));
      const progress = lease === null || lease.until < new Date() ? null : lease.progress;
      return [
        [{ count: 'done' }, progress?.done ?? 0],
        [{ count: 'all' }, progress?.all ?? 0],
      ];
    },
  );
}

/** The driver reports its commands only with `monitorCommands`. */
function addStoreTimes({ registry }: Metrics, { connection }: CommunityStore): void {
  const seconds = new Histogram({
    name: 'jcu_store_seconds',
    help: 'Time of each command to the store, by outcome',
    labelNames: ['outcome'],
    buckets: [...secondsBuckets],
    registers: [registry],
  });
  for (const [event, outcome] of [
    ['commandSucceeded', 'answered'],
    ['commandFailed', 'failed'],
  ] as const)
    connection.on(event, ({ duration }: { readonly duration: number }) =>
      seconds.observe({ outcome }, duration / 1000),
    );
}

function countRequests({ registry }: Metrics): RequestHandler {
  const registers = [registry];
  const requests = new Counter({
    name: 'jcu_requests_total',
    help: 'Requests of hubs, by HTTP status; 401 are those that no hub signed',
    labelNames: ['status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'jcu_request_seconds',
    help: 'Time from a request to the end of its response',
    buckets: [...secondsBuckets],
    registers,
  });
  return (_request, response, next) => {
    const start = performance.now();
    response.once('close', () => {
      requests.inc({ status: String(response.statusCode) });
      seconds.observe((performance.now() - start) / 1000);
    });
    next();
  };
}
