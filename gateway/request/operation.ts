import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  separateOperations,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';

/**
 * The chosen operation with the fragments that it reaches: what stands beside it is neither decided nor planned.
 * Throws GRAPHQL_VALIDATION_FAILED where none is chosen, or one of a kind that the schema does not have.
 */
export function onlyOperation(
  document: DocumentNode,
  operationName: string | null,
  schema: GraphQLSchema,
): DocumentNode {
  const chosen = getOperationAST(document, operationName);
  if (chosen === null || chosen === undefined || !schema.getRootType(chosen.operation)) {
    throw new HubError('GRAPHQL_VALIDATION_FAILED', 'no such operation');
  }
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operations.length < 2) return document;
  return separateOperations(document)[operationName ?? ''] ?? document;
}

/** Whether an operation changes anything. */
export function isChange(document: DocumentNode): boolean {
  return getOperationAST(document)?.operation === OperationTypeNode.MUTATION;
}

/**
 * The variables of the chosen operation as the published schema coerces them, defaults included, before anything is
 * decided by them. Throws BAD_USER_INPUT, the same for a type that is hidden from the reader's kind.
 */
export function coerceVariables(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Readonly<Record<string, unknown>> {
  const operation = getOperationAST(document);
  const given = getVariableValues(schema, operation?.variableDefinitions ?? [], variables, { maxErrors: 1 });
  if (given.coerced === undefined) throw new HubError('BAD_USER_INPUT', String(given.errors));
  return given.coerced;
}
