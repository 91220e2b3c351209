import { createHash } from 'node:crypto';
import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { errorTable, HubError } from '../../schema/errors.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { ParsedOperation } from '../answer.ts';
import { documentMemory, maxTokens } from '../http/document-store.ts';

/**
 * Parses the parameters of a request (GraphQL over HTTP, section 5.1). Throws BAD_REQUEST for other parameters, and an
 * error with the code GRAPHQL_PARSE_FAILED for a document with a syntax error.
 */
export type Parse = (parameters: unknown) => ParsedOperation;

/** Creates the parser for the transports that Apollo Server does not serve. Parsed documents are remembered: 8 MB. */
export function createParse(): Parse {
  const documents = new ByteCache<DocumentNode>(8_000_000, 'streamed-documents');
  return (parameters) => {
    const { query, operationName, variables } = readParameters(parameters);
    const hash = createHash('sha256').update(query).digest('hex');
    const document = documents.get(hash) ?? parseDocument(query);
    documents.set(hash, document, documentMemory(query.length));
    return { document, source: query, hash, operationName, variables };
  };
}

function readParameters(parameters: unknown) {
  const { query, operationName, variables, extensions } = (parameters ?? {}) as Record<string, unknown>;
  if (typeof query !== 'string') throw new HubError('BAD_REQUEST', 'query: expected a text');
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    throw new HubError('BAD_REQUEST', 'operationName: expected a text');
  for (const one of [variables, extensions])
    if (!isAbsent(one) && (typeof one !== 'object' || Array.isArray(one)))
      throw new HubError('BAD_REQUEST', 'variables, extensions: expected objects');
  const name = typeof operationName === 'string' && operationName !== '' ? operationName : null;
  return { query, operationName: name, variables: (variables ?? {}) as Readonly<Record<string, unknown>> };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function parseDocument(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { message, source, positions } = error;
    const { status } = errorTable.GRAPHQL_PARSE_FAILED;
    const extensions = { code: 'GRAPHQL_PARSE_FAILED', http: { status } };
    throw new GraphQLError(message, { source, positions, extensions });
  }
}
