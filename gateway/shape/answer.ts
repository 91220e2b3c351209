import { type DocumentNode, execute, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { errorTable, type HubErrorCode } from '../../schema/errors.ts';
import type { RefusedPlace } from '../policy/decide.ts';
import type { Gathered } from '../plan/gather.ts';
import type { RequestContext } from '../request/context.ts';
import { type ErrorPath, pathsOf } from './error-paths.ts';
import { joinMarkings } from './holds.ts';

/** The operation as the reader sent it, and what was removed from it. */
export type Asked = {
  /** Null if the operation asks for the schema only. */
  readonly document: DocumentNode | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Where the operation asked for refused coordinates, whatever the data. */
  readonly refusedAt: readonly RefusedPlace[];
  /** Whether anything was removed, refused or not. */
  readonly isPruned: boolean;
  /** The response keys at the root in the requested order; empty unless the operation asks for the schema. */
  readonly order: readonly string[];
};

/**
 * Builds the response: the introspection result `shown`, the data with null where a coordinate was refused or a subgraph
 * failed, the constant errors of each cause with their paths, and the joined markings. No text of a subgraph, of the planner or of an
 * exception is in it.
 */
export function shapeAnswer(
  { written, collected }: Pick<Gathered, 'written' | 'collected'>,
  asked: Asked,
  shown: Readonly<Record<string, unknown>>,
  { reader, correlationId }: Pick<RequestContext, 'reader' | 'correlationId'>,
  schema: GraphQLSchema,
): ExecutionResult {
  const isChanged = asked.isPruned || asked.order.length > 0;
  const complete = isChanged ? completeData(written?.data ?? null, asked, shown, schema) : null;
  const pathsOfCause = (cause: string) => {
    const paths = pathsOf(
      collected.places.get(cause) ?? [],
      asked.document,
      isChanged ? complete : (written?.data ?? null),
    );
    return paths.length > 0 ? paths : [undefined];
  };
  const errors = [
    ...asked.refusedAt.map(refusedError),
    ...[...collected.errorCodes]
      .filter((code) => code !== 'REFUSED' || asked.refusedAt.length === 0)
      .toSorted()
      .flatMap((code) => pathsOfCause(code).map((path) => errorAt(code, path))),
    ...[...collected.failedSubgraphs]
      .toSorted()
      .flatMap((part) => pathsOfCause(part).map((path) => errorAt('PART_UNAVAILABLE', path, { part }))),
  ];
  const holds = joinMarkings(collected.disclosed);
  const extensions = { picture: reader.picture, holds, correlationId };
  const data = isChanged ? complete : (written as Readonly<Record<string, unknown>> | null);
  return { data, ...(errors.length > 0 ? { errors } : {}), extensions };
}

/** Returns the data with null at removed coordinates, and with the schema that was asked for. */
function completeData(
  data: Readonly<Record<string, unknown>> | null,
  asked: Asked,
  shown: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Readonly<Record<string, unknown>> | null {
  const answered = asked.isPruned ? complementNulls(data, asked, schema) : data;
  return asked.order.length === 0 ? answered : joinHalves(shown, answered, asked);
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

/** Returns the constant error of a code at a path. For a failed subgraph it names the subgraph, never the reason. */
function errorAt(
  code: HubErrorCode,
  path: ErrorPath | undefined,
  more: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(errorTable[code].message, { path, extensions: { code, ...more } });
}

/** Returns the error of refused coordinates. It depends on the operation and the kind of reader only, never on data. */
function refusedError({ path, coordinates }: RefusedPlace): GraphQLError {
  return errorAt('REFUSED', path, { coordinates });
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
