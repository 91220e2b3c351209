import type { ExecutionResult, GraphQLError } from 'graphql';
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

  const { variables } = prepared;
  const key = keyOf(allowed, prepared);
  const { first, later } = await stages.gatherInParts({ key, document: deferred, variables }, context);
  const facts = factsOf(prepared, context);
  const { schema } = stages.planner;
  const shapeOf = (gathered: typeof first, document: DeferredDocument['whole']) =>
    shapeAnswer(
      gathered,
      { ...plain, document, operationName: operation.operationName, variables: variables.given },
      {},
      context,
      schema,
    );
  const fieldsIn = (document: DeferredDocument['whole'], data: Parameters<typeof fieldsOf>[2]) =>
    fieldsOf(document, variables.coerced, data, schema);

  const begun = shapeOf(first, deferred.first);
  const fields = fieldsIn(deferred.first, first.written?.data ?? null);
  await disclose({ ...facts, fields }, first.collected, context, stages);
  yield { ...begun, hasNext: true };

  const { whole, parts } = await later();
  const collected = {
    ...whole.collected,
    disclosed: [...first.collected.disclosed, ...whole.collected.disclosed],
  };
  const { errors = [], extensions } = shapeOf({ ...whole, collected }, deferred.whole);
  const last = lastPart(parts, errors, extensions);
  const given = fieldsIn(deferred.whole, whole.written?.data ?? null);
  // The header is sent: it forbids to store any answer in parts.
  const sent = { ...context, setHeaders: () => undefined };
  await disclose({ ...facts, fields: given }, whole.collected, sent, stages);
  yield last;
}

/** The rest of an operation of which nothing was removed. */
const plain = { refusedAt: [], isPruned: false, order: [] };

/** Returns the operation in parts; null if it has to be answered at once. */
function deferredIn({ decision, split, variables }: Prepared): DeferredDocument | null {
  const { allowed } = decision;
  if (allowed === null || allowed !== split.data || split.order.length > 0) return null;
  return splitDeferred(allowed, variables.coerced);
}
