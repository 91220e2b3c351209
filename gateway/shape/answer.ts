import { type DocumentNode, execute, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { errorTable } from '../../schema/errors.ts';
import { constantError } from '../request/errors.ts';
import type { Gathered } from '../plan/planner.ts';
import type { RequestContext } from '../request/context.ts';
import { joinMarkings } from './holds.ts';

/** The operation as the reader sent it, and what was removed from it. */
export type Asked = {
  /** Null if the operation asks for the schema only. */
  readonly document: DocumentNode | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly refused: readonly string[];
  /** Whether anything was removed, refused or not. */
  readonly isPruned: boolean;
  /** The response keys at the root in the requested order; empty unless the operation asks for the schema. */
  readonly order: readonly string[];
};

/**
 * Builds the response: the introspection result `shown`, the data with null where a coordinate was refused or a subgraph
 * failed, one constant error for each cause, and the joined markings. No text of a subgraph, of the planner or of an
 * exception is in it.
 */
export function shapeAnswer(
  { data, collected }: Pick<Gathered, 'data' | 'collected'>,
  asked: Asked,
  shown: Readonly<Record<string, unknown>>,
  { reader, correlationId }: Pick<RequestContext, 'reader' | 'correlationId'>,
  schema: GraphQLSchema,
): ExecutionResult {
  const answered = asked.isPruned ? complementNulls(data, asked, schema) : data;
  const complete = asked.order.length === 0 ? answered : joinHalves(shown, answered, asked);
  const errors = [
    ...(asked.refused.length > 0 ? [constantError('REFUSED')] : []),
    ...[...collected.errorCodes]
      .filter((code) => code !== 'REFUSED' || asked.refused.length === 0)
      .toSorted()
      .map(constantError),
    ...[...collected.failedSubgraphs].toSorted().map(failedError),
  ];
  const holds = joinMarkings(collected.disclosed);
  const extensions = { picture: reader.picture, holds, correlationId };
  return { data: complete, ...(errors.length > 0 ? { errors } : {}), extensions };
}

/** Joins schema and data in the requested order. If the data is null as a whole, the result is null. */
function joinHalves(
  shown: Readonly<Record<string, unknown>>,
  answered: Readonly<Record<string, unknown>> | null,
  { document, order }: Asked,
): Readonly<Record<string, unknown>> | null {
  if (document !== null && answered === null) return null;
  const both = new Map([...Object.entries(shown), ...Object.entries(answered ?? {})]);
  return Object.fromEntries(order.flatMap((name) => (both.has(name) ? [[name, both.get(name)]] : [])));
}

/** Returns the constant error for a failed subgraph. It names the subgraph, never the reason. */
function failedError(part: string): GraphQLError {
  return new GraphQLError(errorTable.PART_UNAVAILABLE.message, {
    extensions: { code: 'PART_UNAVAILABLE', part },
  });
}

/** Returns the data in the requested order, with null at removed coordinates. */
function complementNulls(
  data: Readonly<Record<string, unknown>> | null,
  asked: Asked,
  schema: GraphQLSchema,
): Record<string, unknown> | null {
  if (asked.document === null) return null;
  const result = execute({
    schema,
    document: asked.document,
    operationName: asked.operationName,
    variableValues: asked.variables,
    rootValue: data ?? {},
    // Own keys only: an alias may have the name of a property of Object.prototype.
    fieldResolver: (source: Readonly<Record<string, unknown>>, _args, _context, { path: { key } }) =>
      Object.hasOwn(source, key) ? (source[key] ?? null) : null,
  }) as ExecutionResult;
  return result.data ?? null;
}
