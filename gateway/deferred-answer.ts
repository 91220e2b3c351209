import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import {
  disclose,
  execute,
  factsOf,
  keyOf,
  type ParsedOperation,
  type Prepared,
  prepare,
  type Stages,
} from './answer.ts';
import { fieldsOf } from './audit/fields.ts';
import { HubError } from '../schema/errors.ts';
import { joinCollected } from './dispatch/collected.ts';
import type { Gathered, GatheredInParts } from './plan/gather.ts';
import { type DeferredDocument, splitDeferred } from './plan/deferred-document.ts';
import type { RequestContext } from './request/context.ts';
import { isSubscription } from './request/operation.ts';
import { shapeAnswer } from './shape/answer.ts';
import { type IncrementalPart, lastPart } from './shape/incremental.ts';

/** An answer in parts: the first is a result, the others add to it. */
export type AnswerPart = ExecutionResult & {
  readonly incremental?: readonly IncrementalPart<GraphQLError>[];
  readonly hasNext: boolean;
};

/**
 * Answers a query whose fragments with `@defer` come in a later part. Every part has its own entry in the audit log before
 * it leaves. An operation of which the policy removed something, or that asks for the schema too, is answered in one part.
 */
export async function* answerInParts(
  operation: ParsedOperation,
  context: RequestContext,
  stages: Stages,
): AsyncGenerator<AnswerPart, void, void> {
  const prepared = await prepare(operation, context, stages);
  if ('errors' in prepared) {
    yield { ...prepared, hasNext: false };
    return;
  }
  if (isSubscription(prepared.operation)) throw new HubError('STREAM_REQUIRED');
  const { allowed } = prepared.decision;
  const deferred = deferredIn(prepared);
  if (allowed === null || deferred === null) {
    yield { ...(await execute(prepared, context, stages)), hasNext: false };
    return;
  }

  const key = keyOf(allowed, prepared);
  const { variables } = prepared;
  const gathered = await stages.gatherInParts({ key, document: deferred, variables }, context);
  yield* disclosedParts(gathered, deferred, prepared, context, stages);
}

/** Shapes each part, and records its disclosures before it is sent. */
async function* disclosedParts(
  { first, mayBeParted, later }: GatheredInParts,
  deferred: DeferredDocument,
  prepared: Prepared,
  context: RequestContext,
  stages: Stages,
): AsyncGenerator<AnswerPart, void, void> {
  const shape = (gathered: Gathered, document: DocumentNode) =>
    shapeAnswer(gathered, askedOf(prepared, document), {}, context, stages.planner.schema);
  const record = async (
    gathered: Gathered,
    document: DocumentNode,
    by: RequestContext,
    before: Gathered['collected']['disclosed'] = [],
  ) => {
    const { coerced } = prepared.variables;
    const fields = fieldsOf(document, coerced, gathered.written?.data ?? null, stages.planner.schema);
    await disclose({ ...factsOf(prepared, by), fields }, gathered.collected, by, stages, before);
  };
  if (!mayBeParted) {
    const { whole } = await later();
    const both = { ...whole, collected: joinCollected(first.collected, whole.collected) };
    await record(both, deferred.whole, context);
    yield { ...shape(both, deferred.whole), hasNext: false };
    return;
  }
  await record(first, deferred.first, context);
  yield { ...shape(first, deferred.first), hasNext: true };

  const { whole, parts } = await later();
  const disclosed = [...first.collected.disclosed, ...whole.collected.disclosed];
  const { errors = [], extensions } = shape(
    { ...whole, collected: { ...whole.collected, disclosed } },
    deferred.whole,
  );
  // The header is sent: it forbids to store any answer in parts.
  const sent = { ...context, setHeaders: () => undefined };
  await record(whole, deferred.whole, sent, first.collected.disclosed);
  yield lastPart(parts, errors, extensions);
}

/** Returns an operation of which nothing was removed, as the stage shape takes it. */
function askedOf({ operation, variables }: Prepared, document: DocumentNode) {
  const { operationName } = operation;
  return { document, operationName, variables: variables.given, refusedAt: [], isPruned: false, order: [] };
}

/** Returns the operation in parts; null if it has to be answered at once. */
function deferredIn({ decision, split, variables, nodes }: Prepared): DeferredDocument | null {
  const { allowed } = decision;
  if (allowed === null || allowed !== split.data || split.order.length > 0 || nodes !== null) return null;
  return splitDeferred(allowed, variables.coerced);
}
