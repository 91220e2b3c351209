import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestHandler, Response } from 'express';
import { isHubErrorCode } from '../../schema/errors.ts';
import type { TraceAttributes } from '../../schema/runtime/observe/tracing.ts';
import { hashOperation } from '../audit/operation-hash.ts';
import { Observed } from '../observe/observed.ts';
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
          entry: 'http',
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
    response.once('close', () => active.end(attributesOf(response, observed), response.statusCode >= 500));
    active.within(next);
  };
}

/** The correlation id leads from a trace to the access log and the audit log. */
function attributesOf(response: Response, { codes, parts }: Observed): TraceAttributes {
  return {
    'http.response.status_code': response.statusCode,
    'jcu.correlation_id': correlationIdOf(response),
    'jcu.codes': [...codes].join(' '),
    'jcu.failed_parts': [...parts].join(' '),
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

/** Notes the error codes of a GraphQL response and its operation: by the name of a registered one, or by a hash. */
export function noteAnswer(isWanted: boolean): ApolloServerPlugin<RequestContext> {
  if (!isWanted) return {};
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ response: { body }, contextValue: { observed }, source }) => {
          const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
          for (const { extensions } of errors)
            if (isHubErrorCode(extensions?.['code'])) observed.codes.add(extensions['code']);
          if (source !== undefined) observed.operation ??= hashOf(source);
          return Promise.resolve();
        },
      }),
  };
}

/** Notes the name of a registered operation. */
export function noteRegistered(response: Response, { name }: Registered): void {
  if (name !== null) observedOf(response).operation = name;
}

/** The hash of the audit log, which has no values. */
function hashOf(source: string): string | null {
  try {
    return `sha256:${hashOperation(source)}`;
  } catch {
    return null;
  }
}
