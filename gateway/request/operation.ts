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
 * Returns a document with the selected operation and the fragments that it uses; other operations are dropped.
 * Throws OPERATION_RESOLUTION_FAILURE if no operation is selected, and GRAPHQL_VALIDATION_FAILED if the schema does not
 * have its root type. Both depend on the document and the name only.
 */
export function onlyOperation(
  document: DocumentNode,
  operationName: string | null,
  schema: GraphQLSchema,
): DocumentNode {
  const chosen = getOperationAST(document, operationName);
  if (chosen === null || chosen === undefined)
    throw new HubError(
      'OPERATION_RESOLUTION_FAILURE',
      `no operation is selected by the name ${operationName}`,
    );
  if (!schema.getRootType(chosen.operation))
    throw new HubError('GRAPHQL_VALIDATION_FAILED', `the schema has no ${chosen.operation}`);
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operations.length < 2) return document;
  return separateOperations(document)[operationName ?? ''] ?? document;
}

/** Returns whether the operation is a mutation. */
export function isChange(document: DocumentNode): boolean {
  return getOperationAST(document)?.operation === OperationTypeNode.MUTATION;
}

/** Returns whether the operation changes an agreement, by a move of its workflow or by hand. */
export function movesAgreement(document: DocumentNode | null): boolean {
  if (document === null || !isChange(document)) return false;
  const fields = getOperationAST(document)?.selectionSet.selections ?? [];
  return fields.some((field) => field.kind !== Kind.FIELD || field.name.value.endsWith('Agreement'));
}

/** Returns whether the operation that is selected is a subscription. */
export function isSubscription({
  document,
  operationName,
}: {
  readonly document: DocumentNode;
  readonly operationName: string | null;
}): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
}

/**
 * Coerces the variables by the published schema, defaults included. Throws BAD_USER_INPUT. The error is the same for a
 * type that is hidden from the reader's kind.
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
