import { randomUUID } from 'node:crypto';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import type { ChangeEvent } from '../../schema/protocol/change-event.ts';
import { endOfRecord } from '../../schema/protocol/disclosure.ts';
import type { Run } from '../../schema/runtime/observe/run.ts';
import { disclose, factsOf } from '../answer.ts';
import { fieldsOf } from '../audit/fields.ts';
import { createCollected } from '../dispatch/collected.ts';
import { type FormattedResult, withConstantErrors } from '../http/constant-errors.ts';
import { Observed } from '../observe/observed.ts';
import type { Gathered } from '../plan/gather.ts';
import type { RequestContext } from '../request/context.ts';
import { shapeAnswer } from '../shape/answer.ts';
import type { EventIds } from './event-id.ts';
import { keysFor } from './event-index.ts';
import { eventDataOf, seenKey } from './event-query.ts';
import type { Subscriber } from './reader-watch.ts';
import type { SharedOperation } from './shared-operation.ts';
import type { TakenChange } from './waiting-changes.ts';

/** The parts of the hub that events need. */
export type EventParts = { readonly run?: Run; readonly ids: EventIds };

type Records = Readonly<Record<string, unknown>>;

/** The record of an event as one permission class sees it. Readers of the class share it if every community allows it. */
export type EventAnswer = {
  /** The reader for whom the record was read. */
  readonly subject: string;
  readonly change: 'CREATED' | 'CHANGED' | 'GONE';
  readonly records: Records;
  readonly gathered: Gathered;
  /** The data by the id of the event: readers that keep up get the same. */
  readonly data: Map<string, Promise<Records | null>>;
  /** By token, the audit entry of this event: a reader with several equal subscriptions has one. */
  readonly entries: Map<string, Promise<string>>;
};

const deadlineMs = 10_000;

/**
 * Returns the context in which one reader's event is read. `signal` must not be one reader's: others may share the answer.
 */
export function contextOfEvent(
  { identity, policy }: Pick<Subscriber, 'identity' | 'policy'>,
  signal: AbortSignal,
  run?: Run,
): RequestContext {
  const at = new Date();
  return {
    ...identity,
    correlationId: randomUUID(),
    at,
    policy,
    deadline: at.getTime() + deadlineMs,
    signal,
    delivery: 'subscription',
    setHeaders: () => undefined,
    observed: new Observed(run),
  };
}

/**
 * Reads the record of an event through the same stages as a query. Null if the reader may not know of the event. Throws
 * PART_UNAVAILABLE if the community does not answer: whether the record is visible is unknown then.
 */
export async function readEvent(
  { event, before, isNew }: TakenChange,
  { query, prepared, stages }: SharedOperation,
  subscriber: Subscriber,
  { run }: EventParts,
  signal: AbortSignal,
): Promise<EventAnswer | null> {
  const held = keysFor(event, subscriber, new Date());
  const was = before.some((key) => held.has(key));
  const is = event.admits.some((key) => held.has(key));
  const variables = { ...prepared.variables.given, [query.variable]: event.id };
  const coerced = { ...prepared.variables.coerced, [query.variable]: event.id };
  const allowed = { key: query.key, document: query.document, variables: { given: variables, coerced } };
  const gathered = is ? await stages.gather(allowed, contextOfEvent(subscriber, signal, run)) : nothing();
  const records: Records = gathered.written?.data ?? {};
  const isSeen = (records[seenKey] ?? null) !== null;
  if (!isSeen && gathered.collected.failedSubgraphs.has(query.community))
    throw new HubError('PART_UNAVAILABLE');
  if (!isSeen && !was) return null;
  const change = isSeen ? (isNew || !was ? 'CREATED' : 'CHANGED') : 'GONE';
  const given = isSeen ? { records, gathered } : { records: {}, gathered: nothing() };
  const { subject } = subscriber.identity.reader;
  return { subject, change, ...given, data: new Map(), entries: new Map() };
}

/**
 * Builds the result of an event for one reader, and records it in the audit log under the reader's name before it
 * returns. Rejects with TRAIL_UNAVAILABLE if it cannot be recorded; the event must not leave then.
 */
export async function resultOfEvent(
  answer: EventAnswer,
  { event, position }: TakenChange,
  operation: SharedOperation,
  subscriber: Subscriber,
  parts: EventParts,
): Promise<FormattedResult> {
  const { query } = operation;
  const { policy, permissionClass } = subscriber;
  const scope = { community: query.community, kind: query.kind, policy: policy.version, permissionClass };
  const data = await remembered(answer.data, position, async () => {
    const eventId = await parts.ids.seal(position, scope);
    const { change, records } = answer;
    const facts = { eventId, change, recordId: event.id };
    return eventDataOf(operation.prepared, query, facts, records, operation.stages.planner.schema);
  });
  const { token, reader } = subscriber.identity;
  const owner = JSON.stringify([reader.subject, token.clientId, token.id]);
  const correlationId = await remembered(
    answer.entries,
    owner,
    async () => await record(answer, event, data, operation, subscriber, parts),
  );
  return withConstantErrors(shape(answer, data, operation, { reader, correlationId }));
}

/** Records the event for a reader. Returns the correlation id of the entry. */
async function record(
  { change, gathered }: EventAnswer,
  event: ChangeEvent,
  data: Records | null,
  { prepared, query, stages }: SharedOperation,
  subscriber: Subscriber,
  { run }: EventParts,
): Promise<string> {
  const context = contextOfEvent(subscriber, new AbortController().signal, run);
  const { schema } = stages.planner;
  const { allowed } = prepared.decision;
  const fields =
    allowed === null ? { given: [], empty: [] } : fieldsOf(allowed, prepared.variables.coerced, data, schema);
  const { failedSubgraphs } = gathered.collected;
  const { kind, id, version } = event;
  const end = { ...endOfRecord(kind, id, version), community: query.community };
  const disclosed = change === 'GONE' ? [end] : gathered.collected.disclosed;
  await disclose({ ...factsOf(prepared, context), fields }, { disclosed, failedSubgraphs }, context, stages);
  return context.correlationId;
}

/** Adds errors and markings. Paths begin at the field of the subscription. */
function shape(
  { gathered }: EventAnswer,
  data: Records | null,
  { prepared, query, stages }: SharedOperation,
  reader: Pick<RequestContext, 'reader' | 'correlationId'>,
): ExecutionResult {
  const asked = {
    document: query.document,
    operationName: null,
    variables: prepared.variables.given,
    refusedAt: prepared.decision.refusedAt,
    isPruned: false,
    order: [],
  };
  const shaped = shapeAnswer(gathered, asked, {}, reader, stages.planner.schema);
  const errors = (shaped.errors ?? []).flatMap((error) => {
    const { path, extensions } = error;
    if (extensions['code'] === 'REFUSED') return [error];
    const below = [query.field, ...(path ?? [])];
    return path?.[0] === seenKey ? [] : [new GraphQLError(error.message, { path: below, extensions })];
  });
  return {
    data,
    ...(errors.length > 0 && { errors }),
    extensions: shaped.extensions ?? {},
  };
}

function nothing(): Gathered {
  return { written: null, given: null, collected: createCollected() };
}

/** Returns the value of a key, computed once. A failure is not remembered. */
async function remembered<Value>(
  values: Map<string, Promise<Value>>,
  key: string,
  compute: () => Promise<Value>,
): Promise<Value> {
  const known = values.get(key);
  if (known !== undefined) return await known;
  const computed = compute();
  values.set(key, computed);
  computed.catch(() => values.delete(key));
  return await computed;
}
