import type { GraphQLFormattedError } from 'graphql';
import { isHubErrorCode } from '../../schema/errors.ts';
import type { TraceAttributes } from '../../schema/runtime/observe/tracing.ts';
import { hashOperation } from '../audit/operation-hash.ts';
import type { Observed } from './observed.ts';

/** Notes the operation of an answer, and the codes of its errors. */
export type NoteAnswer = (
  observed: Observed,
  source: string | undefined,
  errors: readonly Pick<GraphQLFormattedError, 'extensions'>[] | undefined,
) => void;

/** Notes an operation by the name of a registered one, or by the hash of the audit log, which has no values. */
export const noteAnswer: NoteAnswer = (observed, source, errors = []) => {
  for (const { extensions } of errors)
    if (isHubErrorCode(extensions?.['code'])) observed.codes.add(extensions['code']);
  if (source !== undefined) observed.operation ??= hashOf(source);
};

/** For a hub whose requests nobody observes. */
export const noteNothing: NoteAnswer = () => undefined;

/** Returns what the trace of a request has. The correlation id leads from it to the access log and the audit log. */
export function attributesOf(
  status: number,
  correlationId: string,
  { codes, parts }: Observed,
): TraceAttributes {
  return {
    'http.response.status_code': status,
    'jcu.correlation_id': correlationId,
    'jcu.codes': [...codes].join(' '),
    'jcu.failed_parts': [...parts].join(' '),
  };
}

function hashOf(source: string): string | null {
  try {
    return `sha256:${hashOperation(source)}`;
  } catch {
    return null;
  }
}
