import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestHandler, Response } from 'express';
import { isHubErrorCode } from '../../schema/errors.ts';
import { attributesOf, type NoteAnswer, noteNothing } from '../observe/note-answer.ts';
import { type EntryPoint, Observed } from '../observe/observed.ts';
import type { Observer } from '../observe/observer.ts';
import type { Registered } from '../persisted/read-operations.ts';
import type { RequestContext } from '../request/context.ts';
import { correlationIdOf } from './responses.ts';

/** The methods of the access log. Node.js parses some more, such as those of WebDAV. */
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'DELETE', 'PATCH']);

/** Observes each HTTP request until the end of its response. Put it behind the probes. */
export function observeRequest({ run, ended, trace, traceHeaders }: Omit<Observer, 'stop'>): RequestHandler {
  return (request, response, next) => {
    const observed = new Observed(run, traceHeaders);
    response.locals['observed'] = observed;
    if (ended !== null) {
      const { socket } = request;
      const [start, before] = [performance.now(), socket.bytesWritten];
      response.once('close', () => {
        noteFailure(response, observed);
        ended({
          correlationId: correlationIdOf(response),
          entry: (response.locals['entry'] as EntryPoint | undefined) ?? 'http',
          method: methods.has(request.method) ? request.method : 'OTHER',
          status: response.statusCode,
          isWhole: response.writableFinished,
          bytes: socket.bytesWritten - before,
          ms: performance.now() - start,
          observed,
        });
      });
    }
    const active = trace === null ? null : trace(request.get('traceparent'));
    if (active === null) {
      next();
      return;
    }
    response.once('close', () =>
      active.end(
        attributesOf(response.statusCode, correlationIdOf(response), observed),
        response.statusCode >= 500,
      ),
    );
    active.within(next);
  };
}

/** Returns what `observeRequest` created. */
export function observedOf(response: Response): Observed {
  return (response.locals['observed'] as Observed | undefined) ?? new Observed();
}

/** A request that failed before GraphQL has one code. */
function noteFailure(response: Response, observed: Observed): void {
  const code: unknown = response.locals['failure'];
  if (isHubErrorCode(code)) observed.codes.add(code);
}

/** Notes the error codes and the operation of each GraphQL response of Apollo Server. */
export function noteAnswers(note: NoteAnswer): ApolloServerPlugin<RequestContext> {
  if (note === noteNothing) return {};
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ response: { body }, contextValue: { observed }, source }) => {
          note(observed, source, body.kind === 'single' ? body.singleResult.errors : undefined);
          return Promise.resolve();
        },
      }),
  };
}

/** Notes that a response is a stream of server-sent events. */
export function noteEventStream(response: Response): void {
  response.locals['entry'] = 'sse' satisfies EntryPoint;
}

/** Notes the name of a registered operation. */
export function noteRegistered(response: Response, { name }: Registered): void {
  if (name !== null) observedOf(response).operation = name;
}
