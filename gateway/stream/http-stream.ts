import type { RequestHandler, Response } from 'express';
import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { ParsedOperation } from '../answer.ts';
import { type FormattedResult, withConstantErrors } from '../http/constant-errors.ts';
import { contextOf } from '../http/context-middleware.ts';
import type { Load } from '../http/load.ts';
import { noteEventStream } from '../http/observe-request.ts';
import { toGraphQLError } from '../request/errors.ts';
import { mentionsDefer } from '../plan/deferred-document.ts';
import { isSubscription } from '../request/operation.ts';
import type { Parse } from '../request/parse.ts';
import { stringifyResult } from '../shape/written-data.ts';
import {
  acceptsDeferred,
  acceptsStream,
  deferredParts,
  eventStream,
  formatFor,
  type StreamFormat,
} from './formats.ts';
import { type Events, isEvents, type Run, type RunInParts } from './run.ts';

/** The pause between two heartbeats. It depends on no event, so the times of heartbeats reveal none. */
export const heartbeatMs = 12_000;
/** The time that a client has to take one frame. */
const writeMs = 30_000;

/**
 * Answers a POST as a stream if the client accepts one and the operation needs it: a subscription, a query with
 * deferred fragments, or any operation of a client that accepts only server-sent events. Other requests go on to Apollo Server.
 */
export function streamFirst({
  parse,
  run,
  runInParts,
  load,
  log,
}: {
  readonly parse: Parse;
  readonly run: Run;
  readonly runInParts: RunInParts;
  readonly load: Load;
  readonly log: Logger;
}): RequestHandler {
  return async (request, response, next) => {
    const accept = request.get('accept') ?? '';
    if (request.method !== 'POST' || !acceptsStream(accept)) return next();
    const operation = parseOr(parse, request.body, log);
    if ('document' in operation && acceptsDeferred(accept) && mentionsDefer(operation.document)) {
      const parts = runInParts(operation, contextOf(response));
      // The first part sets header fields, so it is known before they are sent.
      const first = await parts.next();
      await send(response, deferredParts, startingWith(first, parts));
      return;
    }
    const isLive = 'document' in operation && isSubscription(operation);
    const format = formatFor(accept, isLive);
    if (format === null) return next();
    const result =
      'document' in operation
        ? await run(operation, contextOf(response), request.get('authorization'))
        : operation;
    noteFailure(response, result);
    if (isEvents(result)) load.release(response);
    await send(response, format, result);
  };
}

function parseOr(parse: Parse, body: unknown, log: Logger): ParsedOperation | FormattedResult {
  try {
    return parse(body);
  } catch (error) {
    const known = error instanceof GraphQLError ? error : toGraphQLError(error, log);
    return withConstantErrors({ errors: [known] });
  }
}

/** Yields a result that was taken already, then the others. */
async function* startingWith(first: IteratorResult<FormattedResult, void>, others: Events): Events {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* others;
  } finally {
    await others.return();
  }
}

/** A document that cannot be parsed is not run, so `run` did not count it. */
function noteFailure(response: Response, result: Events | FormattedResult): void {
  if (isEvents(result) || result.data !== undefined) return;
  const code = result.errors?.[0]?.extensions?.['code'];
  if (code === 'GRAPHQL_PARSE_FAILED' || code === 'BAD_REQUEST') response.locals['failure'] = code;
}

/** Writes the results, each after the one before was taken, with heartbeats between them. */
async function send(
  response: Response,
  format: StreamFormat,
  result: Events | FormattedResult,
): Promise<void> {
  if (format === eventStream) noteEventStream(response);
  // A proxy or the compression would hold back frames until a block is full.
  response.set({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
  response.writeHead(200, { 'content-type': format.contentType });
  response.write(format.start);
  const events = isEvents(result) ? result : null;
  response.once('close', () => void events?.return());
  if (response.destroyed) void events?.return();
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(format.heartbeat);
  }, heartbeatMs);
  try {
    for await (const one of events ?? [result as FormattedResult]) {
      if (response.destroyed) break;
      await write(response, format.frame(stringifyResult(one)));
    }
  } finally {
    clearInterval(beat);
    if (!response.destroyed) response.end(format.end);
  }
}

/** Resolves once the frame is with the operating system. A client that does not take it in time loses its connection. */
async function write(response: Response, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => response.destroy(), writeMs);
  response.once('close', resolve);
  response.write(text, () => resolve());
  await promise;
  clearTimeout(timer);
  response.off('close', resolve);
}
