import type { ExecutionResult } from 'graphql';
import { isDeepStrictEqual } from 'node:util';
import { expected, failurePaths, firstDifference, errorPaths, sameData } from './answers.ts';
import { supergraphs as all } from './features.ts';
import { generate, type GenerateOptions } from './generate.ts';
import type { Operation, Supergraph } from './supergraph.ts';

/** Plans and executes one operation over the subgraphs of a supergraph. */
export type Execute = (supergraph: Supergraph, operation: Operation) => Promise<ExecutionResult>;

/**
 * A difference from the answer of the merged schema. `data`: other values; `order`: the same values with the fields in
 * another order; `errors`: the error of a subgraph is not reported; `paths`: it is reported at another path; `thrown`:
 * there is no answer. A random operation is not compared by `paths`: two executors may report other errors of those that
 * end at the same null.
 */
export type Difference = {
  readonly supergraph: string;
  readonly operation: Operation;
  readonly kind: 'data' | 'order' | 'errors' | 'paths' | 'thrown';
  /** The place of the first difference, and for `thrown` the message. */
  readonly at: string;
  readonly actual: ExecutionResult | null;
  readonly wanted: ExecutionResult;
};

/** Executes every operation of the supergraphs, and `generated` random ones for each, and returns the differences. */
export async function runSuite(
  execute: Execute,
  {
    supergraphs = all,
    generated = 0,
    seed = 1,
    options = {},
  }: {
    readonly supergraphs?: readonly Supergraph[];
    readonly generated?: number;
    readonly seed?: number;
    readonly options?: GenerateOptions;
  } = {},
): Promise<{ readonly compared: number; readonly differences: readonly Difference[] }> {
  const differences: Difference[] = [];
  let compared = 0;
  for (const supergraph of supergraphs) {
    for (const operation of supergraph.operations)
      differences.push(...(await compare(execute, supergraph, operation)));
    for (let at = seed; at < seed + generated; at += 1) {
      const operation = { name: `seed ${at}`, ...generate(supergraph.merged, at, options) };
      const found = await compare(execute, supergraph, operation);
      differences.push(...found.filter(({ kind }) => kind !== 'paths'));
    }
    compared += supergraph.operations.length + generated;
  }
  return { compared, differences };
}

/** Executes one operation over fresh data, and returns how its answer differs from that of the merged schema. */
export async function compare(
  execute: Execute,
  supergraph: Supergraph,
  operation: Operation,
): Promise<readonly Difference[]> {
  supergraph.reset();
  const wanted = await expected(supergraph, operation);
  const difference = (kind: Difference['kind'], at: string, actual: ExecutionResult | null) => [
    { supergraph: supergraph.name, operation, kind, at, actual, wanted },
  ];
  let actual: ExecutionResult;
  try {
    actual = await execute(supergraph, operation);
  } catch (error) {
    return difference('thrown', String(error), null);
  }
  if (!sameData(actual, wanted)) {
    const [got, should] = [plain(actual.data), plain(wanted.data)];
    const kind = isDeepStrictEqual(got, should) ? 'order' : 'data';
    return difference(kind, firstDifference(got, should) ?? 'data', actual);
  }
  const failed = failurePaths(wanted);
  if (failed.length > 0 && (actual.errors ?? []).length === 0)
    return difference('errors', failed.join(), actual);
  const paths = errorPaths(actual);
  const missing = failed.filter((path) => !paths.includes(path));
  return missing.length === 0 ? [] : difference('paths', missing.join(), actual);
}

/** Formats a difference with all that is needed to repeat it. */
export function formatDifference({ supergraph, operation, kind, at, actual, wanted }: Difference): string {
  const { name, query, variables } = operation;
  return [
    `${supergraph}, ${name}: ${kind} at ${at}`,
    `  ${query.replaceAll(/\s+/g, ' ')} ${JSON.stringify(variables ?? {})}`,
    `  expected ${JSON.stringify(wanted)}`,
    `  got      ${JSON.stringify(actual)}`,
  ].join('\n');
}

/** Returns a value as a client receives it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
