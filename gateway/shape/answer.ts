import { type DocumentNode, execute, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { errorTable } from '../../schema/errors.ts';
import { constantError } from '../request/errors.ts';
import type { RequestContext } from '../request/context.ts';
import { joinMarkings } from './holds.ts';

/** What was asked, and what of it was cut out. */
export type Asked = {
  /** Null where nothing was asked of the data. */
  readonly document: DocumentNode | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly refused: readonly string[];
  /** Whether anything was cut out, refused or not. */
  readonly isCut: boolean;
  /** The names at the root in the order that they were asked for, where the schema was asked as well. */
  readonly order: readonly string[];
};

/**
 * The answer as the reader gets it: what it was `shown` of the schema, data with null at what was refused or lost, one
 * constant error for each cause, and what the answer holds. No text of a part, of the planner or of an exception is in it.
 */
export function shapeAnswer(
  data: Readonly<Record<string, unknown>> | null,
  asked: Asked,
  shown: Readonly<Record<string, unknown>>,
  context: RequestContext,
  schema: GraphQLSchema,
): ExecutionResult {
  const answered = asked.isCut ? complementNulls(data, asked, schema) : data;
  const complete = asked.order.length === 0 ? answered : joinHalves(shown, answered, asked);
  const errors = [
    ...(asked.refused.length > 0 ? [constantError('REFUSED')] : []),
    ...[...context.told]
      .filter((code) => code !== 'REFUSED' || asked.refused.length === 0)
      .toSorted()
      .map(constantError),
    ...[...context.lost].toSorted().map(lostError),
  ];
  const picture = context.reader.picture;
  const extensions = {
    picture,
    holds: joinMarkings(context.disclosed),
    correlationId: context.correlationId,
  };
  return { data: complete, ...(errors.length > 0 ? { errors } : {}), extensions };
}

/** Both halves in the order that was asked. Data that is null as a whole is null, whatever was shown of the schema. */
function joinHalves(
  shown: Readonly<Record<string, unknown>>,
  answered: Readonly<Record<string, unknown>> | null,
  { document, order }: Asked,
): Readonly<Record<string, unknown>> | null {
  if (document !== null && answered === null) return null;
  const both = new Map([...Object.entries(shown), ...Object.entries(answered ?? {})]);
  return Object.fromEntries(order.flatMap((name) => (both.has(name) ? [[name, both.get(name)]] : [])));
}

/** The constant error for a part that is lost: it says which part, and never why. */
function lostError(part: string): GraphQLError {
  return new GraphQLError(errorTable.PART_UNAVAILABLE.message, {
    extensions: { code: 'PART_UNAVAILABLE', part },
  });
}

/** The data in the order that was asked, with null where a coordinate was cut out. */
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
    // Own keys only: an alias may be called as anything, also as what every object has.
    fieldResolver: (source: Readonly<Record<string, unknown>>, _args, _context, { path: { key } }) =>
      Object.hasOwn(source, key) ? (source[key] ?? null) : null,
  }) as ExecutionResult;
  return result.data ?? null;
}
