import { type DocumentNode, execute, type GraphQLSchema } from 'graphql';
import { HubError } from '../../schema/errors.ts';

/**
 * Answers the schema's half from the schema of the reader's kind, as any GraphQL server would. Its variables are known
 * to be of their types. Throws where graphql-js fails all the same, rather than give half of an answer.
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
