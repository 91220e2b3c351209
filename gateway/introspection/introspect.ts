import { type DocumentNode, execute, type GraphQLSchema } from 'graphql';
import { HubError } from '../../schema/errors.ts';

/**
 * Answers the introspection part of an operation from the schema of the reader's kind. The variables must be valid.
 * Throws INTERNAL if graphql-js reports an error, instead of returning a partial answer.
 */
export function introspect(
  half: DocumentNode,
  schema: GraphQLSchema,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = execute({ schema, document: half, variableValues: variables }) as {
    data?: Record<string, unknown> | null;
    errors?: readonly unknown[];
  };
  if (result.errors !== undefined || !result.data) throw new HubError('INTERNAL', String(result.errors));
  return result.data;
}
