import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Answer, ParsedOperation } from '../answer.ts';
import type { Attempts } from '../audit/attempts.ts';
import type { AnswerPart } from '../deferred-answer.ts';
import { type FormattedResult, withConstantErrors, withConstantParts } from '../http/constant-errors.ts';
import type { RequestContext } from '../request/context.ts';
import { toGraphQLError } from '../request/errors.ts';
import type { NoteAnswer } from '../observe/note-answer.ts';
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

/** The parts of the hub that get the failures: the counts of the audit log, and what operators observe. */
export type RunParts = {
  readonly attempts: Pick<Attempts, 'count'>;
  readonly note: NoteAnswer;
  readonly log: Logger;
};

/** Creates the function that runs the operations of WebSocket, SSE and multipart. A failure is counted for the audit log. */
export function createRun(answer: Answer, subscribe: Subscribe, { attempts, note, log }: RunParts): Run {
  return async (operation, context, authorization) => {
    const { observed } = context;
    try {
      const result = isSubscription(operation)
        ? await subscribe(operation, context, authorization)
        : await answer(operation, context);
      note(observed, operation.source, isEvents(result) ? undefined : result.errors);
      if (isEvents(result)) return withEach(result, ({ errors }) => note(observed, undefined, errors));
      if (result.data === undefined) countFailure(result, context, attempts);
      return withConstantErrors(result);
    } catch (error) {
      const result = { errors: [toGraphQLError(error, log)] };
      note(observed, operation.source, result.errors);
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
  { attempts, note, log }: RunParts,
): RunInParts {
  return async function* run(operation, context) {
    try {
      for await (const part of answer(operation, context)) {
        note(context.observed, operation.source, errorsIn(part));
        if (part.data === undefined && part.incremental === undefined) countFailure(part, context, attempts);
        yield withConstantParts(part);
      }
    } catch (error) {
      const result = { errors: [toGraphQLError(error, log)] };
      note(context.observed, operation.source, result.errors);
      countFailure(result, context, attempts);
      yield withConstantParts({ ...result, hasNext: false });
    }
  };
}

/** Returns whether a result is the events of a subscription. */
export function isEvents(result: object): result is Events {
  return Symbol.asyncIterator in result;
}

/** Returns the events of a subscription, each of them passed to `take` before the transport sends it. */
export function withEach(
  events: Events,
  take: (event: FormattedResult) => void,
  ended: () => void = () => undefined,
): Events {
  const noting = async (step: ReturnType<Events['next']>) => {
    const one = await step;
    if (one.done === true) ended();
    else take(one.value);
    return one;
  };
  return {
    next: async () => await noting(events.next()),
    return: async () => await noting(events.return()),
    throw: async (error: unknown) => await noting(events.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void (await noting(events.return())),
  };
}

function errorsIn({ errors = [], incremental = [] }: AnswerPart): NonNullable<ExecutionResult['errors']> {
  return [...errors, ...incremental.flatMap((one) => one.errors ?? [])];
}

function countFailure(
  { errors }: ExecutionResult,
  { reader }: RequestContext,
  attempts: Pick<Attempts, 'count'>,
): void {
  const code = errors?.[0]?.extensions['code'];
  attempts.count(typeof code === 'string' ? code : 'INTERNAL', reader.organisation);
}
