import { type DocumentNode, Kind, separateOperations } from 'graphql';

/** The chosen operation with the fragments that it reaches: what stands beside it is neither decided nor planned. */
export function onlyOperation(document: DocumentNode, operationName: string | null): DocumentNode {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operations.length < 2) return document;
  return separateOperations(document)[operationName ?? ''] ?? document;
}
