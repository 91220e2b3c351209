import { type DocumentNode, print } from 'graphql';
import { measureOperation } from '../budget/operation-size.ts';

/** Measured: 400 to 1400 bytes for a selection of a prepared operation, 450 for one of a query to a subgraph. */
const bytesOf = { selection: 1500, character: 20 };

/**
 * Estimates the memory of an operation that is planned, or of a query whose answer is checked. It grows with the selections
 * after fragments are expanded: 2 KB of fragments that spread each other stand for 2000 selections.
 */
export function memoryOf(document: DocumentNode): number {
  const { selections } = measureOperation(document);
  return selections * bytesOf.selection + print(document).length * bytesOf.character;
}
