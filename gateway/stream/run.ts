import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Answer, ParsedOperation } from '../answer.ts';
import type { Attempts } from '../audit/attempts.ts';
import type { AnswerPart } from '../deferred-answer.ts';
import { type FormattedResult, withConstantErrors, withConstantParts } from '../http/constant-errors.ts';
import type { RequestContext } from '../request/context.ts';
import { toGraphQLError } from '../request/errors.ts';
import { isSubscription } from '../request/operation.ts';

/** The events of a subscription. `return` ends it, also while `next` waits. */
export type Events = AsyncGenerator<FormattedResult, void, void>;

/** Starts a subscription of a reader. `authorization` is checked again while it is open. Throws HubError. */
export type Subscribe = (
  operation: ParsedOperation,
  context: RequestContext,
  authorization: string | undefined,
) => Promise<Events | ExecutionResult>;

/** Runs an operation for a transport that can stream. It never rejects. */
export type Run = (...given: Parameters<Subscribe>) => Promise<Events | FormattedResult>;

/** Creates the function that runs the operations of WebSocket, SSE and multipart. A failure is counted for the audit log. */
export function createRun(
  answer: Answer,
  subscribe: Subscribe,
  attempts: Pick<Attempts, 'count'>,
  log: Logger,
): Run {
  return async (operation, context, authorization) => {
    try {
      const result = isSubscription(operation)
        ? await subscribe(operation, context, authorization)
        : await answer(operation, context);
      if (isEvents(result)) return result;
      if (result.data === undefined) countFailure(result, context, attempts);
      return withConstantErrors(result);
    } catch (error) {
      const result = { errors: [toGraphQLError(error, log)] };
      countFailure(result, context, attempts);
      return withConstantErrors(result);
    }
  };
}

/** Runs a query with deferred fragments. It never throws: a failure is the last part. */
export type RunInParts = (operation: ParsedOperation, context: RequestContext) => Events;

/** Creates the function that runs queries with deferred fragments. */
export function createRunInParts(
  answer: (...given: Parameters<RunInParts>) => AsyncIterable<AnswerPart>,
  attempts: Pick<Attempts, 'count'>,
  log: Logger,
): RunInParts {
  return async function* run(operation, context) {
    try {
      for await (const part of answer(operation, context)) {
        if (part.data === undefined && part.incremental === undefined) countFailure(part, context, attempts);
        yield withConstantParts(part);
      }
    } catch (error) {
      const result = { errors: [toGraphQLError(error, log)] };
      countFailure(result, context, attempts);
      yield withConstantParts({ ...result, hasNext: false });
    }
  };
}

/** Returns whether a result is the events of a subscription. */
export function isEvents(result: object): result is Events {
  return Symbol.asyncIterator in result;
}

function countFailure(
  { errors }: ExecutionResult,
  { reader }: RequestContext,
  attempts: Pick<Attempts, 'count'>,
): void {
  const code = errors?.[0]?.extensions['code'];
  attempts.count(typeof code === 'string' ? code : 'INTERNAL', reader.organisation);
}
