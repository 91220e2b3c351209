import { execute, type ExecutionResult, GraphQLError, parse } from 'graphql';
import type { Operation, Supergraph } from './supergraph.ts';

/** The code of the errors that resolvers of the suite throw. */
export const failureCode = 'SUITE_FAILURE';

/** Returns the error that a resolver of the suite throws to fail on purpose. */
export function failure(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: failureCode } });
}

/** Computes the answer of the merged schema with graphql-js. */
export async function expected(supergraph: Supergraph, operation: Operation): Promise<ExecutionResult> {
  return await execute({
    schema: supergraph.merged,
    document: parse(operation.query),
    variableValues: operation.variables ?? null,
    operationName: operation.operationName ?? null,
  });
}

/** Returns whether two answers have the same data, with their fields in the same order. */
export function sameData(one: ExecutionResult, other: ExecutionResult): boolean {
  return JSON.stringify(one.data ?? null) === JSON.stringify(other.data ?? null);
}

/** Returns the paths of the errors, sorted, each as text: `users.0.name`. An error without a path has the text `-`. */
export function errorPaths({ errors = [] }: ExecutionResult): readonly string[] {
  return errors.map(({ path }) => path?.join('.') ?? '-').toSorted();
}

/**
 * Returns the paths of the errors that resolvers of the suite have thrown. Without them remain the nulls at non-null
 * fields, which executors may report or not.
 */
export function failurePaths({ errors = [] }: ExecutionResult): readonly string[] {
  return errorPaths({ errors: errors.filter(({ extensions }) => extensions['code'] === failureCode) });
}

/** Returns the path of the first value that differs, in the order of the expected fields; null if the data are equal. */
export function firstDifference(actual: unknown, wanted: unknown, path = 'data'): string | null {
  if (Object.is(actual, wanted)) return null;
  if (!isObject(actual) || !isObject(wanted) || Array.isArray(actual) !== Array.isArray(wanted)) return path;
  for (const key of Object.keys(wanted)) {
    const found = firstDifference(actual[key], wanted[key], `${path}.${key}`);
    if (found !== null) return found;
  }
  const [one, other] = [Object.keys(actual), Object.keys(wanted)];
  if (one.length !== other.length) return `${path} (${one.length - other.length} fields more)`;
  return one.every((key, at) => key === other[at]) ? null : `${path} (order of the fields)`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
