import { Counter, Histogram } from 'prom-client';
import { addGauge, type Metrics, secondsBuckets } from '../../schema/runtime/observe/metrics.ts';
import type { ShelterState } from '../dispatch/shelter.ts';
import type { LoadState } from '../http/load.ts';
import type { Outcome } from '../webhooks/outbox.ts';
import type { Ended, OnEnded } from './observed.ts';

/** The state of the hub that metrics read. */
export type HubFigures = {
  readonly policyVersion: () => number | null;
  readonly supergraphVersion: () => number | null;
  readonly operations: () => number;
  readonly load: () => { readonly state: LoadState; readonly inProgress: number };
  readonly trail: () => {
    readonly head: number;
    readonly waiting: number;
    readonly isHealthy: boolean;
  } | null;
  readonly shelters: () => ReadonlyMap<string, ShelterState>;
  /** The deliveries to webhooks, by outcome. */
  readonly webhooks: () => ReadonlyMap<Outcome, number>;
};

const states: readonly LoadState[] = ['ready', 'overloaded', 'stopping'];
const budgetCodes = ['RATE_LIMITED', 'OPERATION_TOO_LARGE', 'BUDGET_UNAVAILABLE'] as const;

/** Adds the metrics of the hub. Returns the function that counts the requests. */
export function addHubMetrics(metrics: Metrics, figures: HubFigures): OnEnded {
  addState(metrics, figures);
  addShelters(metrics, figures);
  addTrail(metrics, figures);
  addWebhooks(metrics, figures);
  return countRequests(metrics);
}

function countRequests({ registry }: Metrics): OnEnded {
  const registers = [registry];
  const answers = new Counter({
    name: 'jcu_answers_total',
    help: 'Answers by entry point, HTTP status and outcome: whole, partial, errors, left, or the error code of an answer without data',
    labelNames: ['entry', 'status', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'jcu_answer_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['entry'],
    buckets: [...secondsBuckets],
    registers,
  });
  const bytes = new Counter({
    name: 'jcu_answer_bytes_total',
    help: 'Bytes of the answers with their headers, compressed',
    labelNames: ['entry'],
    registers,
  });
  const failed = new Counter({
    name: 'jcu_failed_parts_total',
    help: 'Answers that lack the part of a subgraph',
    labelNames: ['subgraph'],
    registers,
  });
  const refusals = new Counter({
    name: 'jcu_budget_refusals_total',
    help: 'Requests that a budget or a limit refused, by error code',
    labelNames: ['code'],
    registers,
  });
  return (ended) => {
    const { entry, status, observed } = ended;
    answers.inc({ entry, status: String(status), outcome: outcomeOf(ended) });
    seconds.observe({ entry }, ended.ms / 1000);
    bytes.inc({ entry }, ended.bytes);
    for (const subgraph of observed.parts) failed.inc({ subgraph });
    for (const code of budgetCodes) if (observed.codes.has(code)) refusals.inc({ code });
  };
}

function outcomeOf({ status, isWhole, observed: { codes, parts } }: Ended): string {
  if (!isWhole) return 'left';
  const [code] = codes;
  if (status >= 400) return code ?? 'BAD_REQUEST';
  if (parts.size > 0) return 'partial';
  return codes.size > 0 ? 'errors' : 'whole';
}

function addState(metrics: Metrics, figures: HubFigures): void {
  addGauge(metrics, { name: 'jcu_policy_version', help: 'Version of the policy in force' }, () => [
    [{}, figures.policyVersion()],
  ]);
  addGauge(metrics, { name: 'jcu_supergraph_version', help: 'Version of the supergraph in force' }, () => [
    [{}, figures.supergraphVersion()],
  ]);
  addGauge(metrics, { name: 'jcu_operations', help: 'Registered documents that are served' }, () => [
    [{}, figures.operations()],
  ]);
  addGauge(metrics, { name: 'jcu_requests_in_progress', help: 'Requests in progress' }, () => [
    [{}, figures.load().inProgress],
  ]);
  addGauge(
    metrics,
    { name: 'jcu_load_state', help: '1 for the state of the hub', labelNames: ['state'] },
    () => states.map((state) => [{ state }, figures.load().state === state ? 1 : 0] as const),
  );
}

function addShelters(metrics: Metrics, { shelters }: HubFigures): void {
  const retries: Counter = new Counter({
    name: 'jcu_subgraph_retries_total',
    help: 'Queries to a subgraph that were sent again because the connection failed before an answer',
    labelNames: ['subgraph'],
    registers: [metrics.registry],
    collect: () => {
      retries.reset();
      for (const [subgraph, state] of shelters()) retries.inc({ subgraph }, state.retries);
    },
  });
  const labelNames: 'subgraph'[] = ['subgraph'];
  const read = (figure: (state: ShelterState) => number) => () =>
    [...shelters()].map(([subgraph, state]) => [{ subgraph }, figure(state)] as const);
  addGauge(
    metrics,
    {
      name: 'jcu_breaker_open',
      help: '1 while a subgraph is not asked because it keeps failing',
      labelNames,
    },
    read(({ isOpen }) => (isOpen ? 1 : 0)),
  );
  addGauge(
    metrics,
    { name: 'jcu_slots_in_use', help: 'Queries to a subgraph in progress', labelNames },
    read(({ inUse }) => inUse),
  );
  addGauge(
    metrics,
    { name: 'jcu_slots_waiting', help: 'Queries to a subgraph that wait for a slot', labelNames },
    read(({ waiting }) => waiting),
  );
}

function addWebhooks(metrics: Metrics, { webhooks }: HubFigures): void {
  const help =
    'Deliveries of notices to webhooks by outcome: sent, failed (tried again), dead, withheld (the reader may not see the notice), postponed';
  const deliveries: Counter = new Counter({
    name: 'jcu_webhook_deliveries_total',
    help,
    labelNames: ['outcome'],
    registers: [metrics.registry],
    collect: () => {
      deliveries.reset();
      for (const [outcome, count] of webhooks()) deliveries.inc({ outcome }, count);
    },
  });
}

function addTrail(metrics: Metrics, { trail }: HubFigures): void {
  addGauge(metrics, { name: 'jcu_audit_head', help: 'Number of the last durable audit entry' }, () => [
    [{}, trail()?.head ?? null],
  ]);
  addGauge(metrics, { name: 'jcu_audit_waiting', help: 'Audit entries that are not durable yet' }, () => [
    [{}, trail()?.waiting ?? null],
  ]);
  addGauge(
    metrics,
    { name: 'jcu_audit_healthy', help: '1 if the audit log is written without delay' },
    () => [[{}, trail()?.isHealthy === true ? 1 : 0]],
  );
}
