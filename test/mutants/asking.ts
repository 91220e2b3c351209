import type { Guard } from './guard.ts';

/** Guards between the hub and a subgraph: limits, and the joined data. */
export const asking: readonly Guard[] = [
  {
    name: 'one reader does not open the breaker',
    file: 'gateway/dispatch/breaker.ts',
    from: 'failing >= breakerLimits.readers',
    to: 'failing >= 1',
    project: 'parts',
    tests: 'test/gateway/dispatch/breaker',
  },
  {
    name: 'half of the slots for one reader',
    file: 'gateway/dispatch/slots.ts',
    from: '(this.#used.get(reader) ?? 0) < Math.max(1, this.#limit / 2)',
    to: '(this.#used.get(reader) ?? 0) < this.#limit',
    project: 'parts',
    tests: 'test/gateway/dispatch/slots',
  },
  {
    name: 'the requests in progress',
    file: 'gateway/http/load.ts',
    from: 'this.#inProgress.size + this.#operations >= this.#limits.requests',
    to: 'this.#inProgress.size > 1_000_000',
    project: 'parts',
    tests: 'test/gateway/http/load',
  },
  {
    name: 'copies of an entity for each path',
    file: 'gateway/plan/lookups.ts',
    from: 'firstPaths[index] === pathAt ? entity',
    to: 'firstPaths[index] !== undefined ? entity',
    project: 'parts',
    tests: 'test/gateway/plan/lookups',
  },
  {
    name: 'a value that looks like another representation',
    file: 'gateway/plan/representations.ts',
    from: "&& !value.startsWith('{')",
    to: '',
    project: 'parts',
    tests: 'test/gateway/plan/lookups',
  },
  {
    name: 'the type of a written leaf',
    file: 'gateway/shape/writer.ts',
    from: "(typeof value === 'string' ? textOf(value) : 'null')",
    to: 'textOf(value ?? null)',
    project: 'parts',
    tests: 'test/gateway/shape/writer',
  },
  {
    name: 'the type of an object',
    file: 'gateway/dispatch/check-answer.ts',
    from: 'if (value !== type.name) throw',
    to: 'if (value === null) throw',
    project: 'parts',
    tests: 'test/gateway/dispatch/check-answer',
  },
  {
    name: 'the end of planning at its deadline',
    file: 'gateway/plan/planner.ts',
    from: 'if (error instanceof HubError) throw error;',
    to: '',
    project: 'parts',
    tests: 'test/gateway/plan/planner',
  },
];
