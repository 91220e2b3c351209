import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  isAbstractType,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  validate,
} from 'graphql';
import { errorTable } from '../../schema/errors.ts';
import { nodeInterface } from '../../schema/node-interface/with-node.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { findConflict } from './conflicts.ts';

/** A document with the operation that is executed. `key` identifies both. */
export type Validated = {
  readonly key: string;
  readonly document: DocumentNode;
  readonly operation: DocumentNode;
};

/** Returns the errors of a document, by the schema of the reader's kind; empty if the document is valid. */
export type Validate = (asked: Validated, ofKind: GraphQLSchema) => readonly GraphQLError[];

const code = 'GRAPHQL_VALIDATION_FAILED';
const maxErrors = 20;

/**
 * Creates the validation against the published schema. It stops at the first error; the messages then come from the
 * schema of the reader's kind, so that "Did you mean" suggests no hidden coordinate, and a hidden field gives the same
 * error as one that does not exist. A document that is valid under the published schema has no error: the decision
 * removes the refused coordinates of those. Valid documents are remembered.
 */
export function createValidate(schema: GraphQLSchema): Validate {
  const isPlain = Object.values(schema.getTypeMap()).every(
    (type) => !isAbstractType(type) || type.name === nodeInterface,
  );
  const rules = specifiedRules.filter((rule) => !isPlain || rule !== OverlappingFieldsCanBeMergedRule);
  const valid = new ByteCache<true>(2_000_000, 'valid-documents');
  return ({ key, document, operation }, ofKind) => {
    if (valid.get(key) === true) return [];
    const conflict = isPlain ? findConflict(operation) : null;
    if (conflict !== null) return [withCode(conflict)];
    const found = validate(schema, document, rules, { maxErrors: 1, hideSuggestions: true });
    if (found.length > 0) return explain(document, ofKind, rules);
    valid.set(key, true, 0);
    return [];
  };
}

function explain(
  document: DocumentNode,
  ofKind: GraphQLSchema,
  rules: typeof specifiedRules,
): readonly GraphQLError[] {
  const found = validate(ofKind, document, rules, { maxErrors });
  // The document is invalid under the published schema only: its messages would name hidden coordinates.
  return (found.length > 0 ? found : [new GraphQLError(errorTable[code].message)]).map(withCode);
}

function withCode(error: GraphQLError): GraphQLError {
  const { message, nodes } = error;
  return new GraphQLError(message, {
    ...(nodes !== undefined && { nodes }),
    extensions: { code, http: { status: errorTable[code].status } },
  });
}
