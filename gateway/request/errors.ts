import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { errorTable, HubError, type HubErrorCode } from '../../schema/errors.ts';

/** Maps an exception of a stage to the constant error of its code with the HTTP status. Others become INTERNAL. */
export function toGraphQLError(error: unknown, log: Logger): GraphQLError {
  const known = error instanceof HubError ? error : new HubError('INTERNAL', String(error), { cause: error });
  if (known.status >= 500) log.error({ error }, 'an operation failed');
  const { message, status } = errorTable[known.code];
  const unknown = known.unknown.length > 0 ? { unknown: known.unknown } : {};
  return new GraphQLError(message, { extensions: { code: known.code, ...unknown, http: { status } } });
}

/** Returns the constant error of a code. */
export function constantError(code: HubErrorCode): GraphQLError {
  return new GraphQLError(errorTable[code].message, { extensions: { code } });
}
