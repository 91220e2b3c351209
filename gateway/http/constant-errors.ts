import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { AnswerPart } from '../deferred-answer.ts';
import { errorTable, type HubErrorCode, isHubErrorCode } from '../../schema/errors.ts';

/** Apollo Server's own error codes that mean a fault of the client. */
const clientFaults: ReadonlyMap<string, HubErrorCode> = new Map([
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
]);

/** Replaces an error by the constant of its code. Parser and validation errors depend on no data, so they stay. */
export function toConstant(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const given = formatted.extensions?.['code'];
  const code = isHubErrorCode(given) ? given : (clientFaults.get(String(given)) ?? 'INTERNAL');
  // Parser and validation errors have locations. An error without one is an internal failure: hide its message.
  const hasLocation = formatted.locations !== undefined;
  const full = hasLocation && (code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED');
  // The stages build these paths from the reader's document. An internal error may have one of the executor's.
  const hasPath = formatted.path !== undefined && code !== 'INTERNAL';
  const { message } = full ? formatted : errorTable[code];
  const { part, coordinates, unknown } = formatted.extensions ?? {};
  return {
    message,
    ...(full ? { locations: formatted.locations } : {}),
    ...(hasPath ? { path: formatted.path } : {}),
    extensions: {
      code,
      ...(typeof part === 'string' ? { part } : {}),
      ...(Array.isArray(coordinates) ? { coordinates } : {}),
      ...(code === 'UNKNOWN_RECIPIENT' && Array.isArray(unknown) ? { unknown } : {}),
    },
  };
}

/** Returns a result whose errors are constants, for the transports that Apollo Server does not serve. */
export function withConstantErrors(result: ExecutionResult): FormattedResult {
  const { errors, ...rest } = result;
  if (errors === undefined) return rest;
  return { ...rest, errors: errors.map((error) => toConstant(error.toJSON())) };
}

/** A result as clients get it. */
export type FormattedResult = Omit<ExecutionResult, 'errors'> & {
  readonly errors?: readonly GraphQLFormattedError[];
};

/** Returns a part of an answer whose errors are constants. */
export function withConstantParts(part: AnswerPart): FormattedResult {
  const { incremental, ...rest } = part;
  const whole = withConstantErrors(rest);
  if (incremental === undefined) return whole;
  return {
    ...whole,
    incremental: incremental.map(({ errors, ...one }) => ({
      ...one,
      ...(errors !== undefined && { errors: errors.map((error) => toConstant(error.toJSON())) }),
    })),
  } as FormattedResult;
}
