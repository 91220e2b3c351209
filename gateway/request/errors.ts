import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { errorTable, HubError } from '../../schema/errors.ts';

/** An exception of a stage as the constant of its code, with its HTTP status; what was not foreseen is INTERNAL. */
export function toGraphQLError(error: unknown, log: Logger): GraphQLError {
  const known = error instanceof HubError ? error : new HubError('INTERNAL', String(error), { cause: error });
  if (known.status >= 500) log.error({ error }, 'an operation failed');
  const { message, status } = errorTable[known.code];
  return new GraphQLError(message, { extensions: { code: known.code, http: { status } } });
}
