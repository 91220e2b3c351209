/** The parts of a request that are measured. A closed set: no name comes from a reader. */
export type Stage =
  'identity' | 'budget' | 'policy' | 'plan' | 'subgraph' | 'audit' | 'verify' | 'execute' | 'store';

/** Runs the work of a stage, and measures it. `part` is the community that a stage asks. */
export type Run = <Result>(stage: Stage, work: () => Promise<Result>, part?: string) => Promise<Result>;

/** Runs work without measuring it. */
export const runOnly: Run = async (_stage, work) => await work();

/** Returns a function that measures by both. */
export function runBoth(outer: Run, inner: Run): Run {
  if (outer === runOnly) return inner;
  if (inner === runOnly) return outer;
  return async (stage, work, part) => await outer(stage, async () => await inner(stage, work, part), part);
}
