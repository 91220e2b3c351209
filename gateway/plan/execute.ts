import {
  type CompiledLookup,
  compileLookups,
  forEachAt,
  joinEntities,
  represent,
  type Represented,
} from './lookups.ts';
import type { Phases } from './phases.ts';
import type { Fetch, Plan } from './plan.ts';
import { clientName } from './names.ts';
import { isRawObject, mergeInto, type RawObject } from './raw.ts';
import { applyRewrites } from './rewrites.ts';
import type { Types } from './types.ts';

type Variables = Readonly<Record<string, unknown>>;

/** One query to a subgraph, ready to be sent. */
export type PartQuery = {
  readonly fetch: Fetch;
  readonly variables: Variables;
  readonly represented: readonly Represented[];
};

/** The answer of a subgraph. The engine changes the data when it joins answers, so the source must not use it again. */
export type PartAnswer = { readonly data: RawObject | null; readonly errors: readonly PartError[] };
export type PartError = {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
};

/** Asks the subgraph of a query. It never rejects: whatever fails is an error of the answer, or was noted elsewhere. */
export type AskPart = (query: PartQuery) => Promise<PartAnswer>;

/** The input of one execution of a plan. */
export type PlanRun = {
  readonly ask: AskPart;
  /** The variables as the client sent them, and with their defaults. */
  readonly variables: { readonly given: Variables; readonly coerced: Variables };
  /** Aborted when the client has left. No further query is then sent. Null if every query is sent. */
  readonly signal: AbortSignal | null;
};

/** The joined data of all answers, and their errors with paths in the client's operation. */
export type Joined = { readonly data: RawObject; readonly errors: readonly PartError[] };

/** A plan with its lookups compiled. */
export type CompiledPlan = (planRun: PlanRun) => Promise<Joined>;

type State = PlanRun & { readonly root: RawObject; readonly errors: PartError[]; readonly types: Types };
type Run = (state: State) => Promise<void>;

/** Compiles a plan to a function that asks the subgraphs and joins their answers. */
export function compilePlan(plan: Plan | null, types: Types): CompiledPlan {
  const run = plan === null ? null : compileNode(plan, types);
  return async (planRun) => {
    const state = { ...planRun, root: {}, errors: [], types };
    if (run !== null) await run(state);
    return { data: state.root, errors: state.errors };
  };
}

/** A plan in two phases, compiled. The second one begins when `later` is called, and joins into the same data. */
export type CompiledPhases = (planRun: PlanRun) => Promise<{
  readonly first: Joined;
  readonly later: (ask: AskPart) => Promise<Joined>;
}>;

/** Compiles the two phases of a plan. */
export function compilePhases({ first, later }: Phases, types: Types): CompiledPhases {
  const [runFirst, runLater] = [first, later].map((plan) =>
    plan === null ? null : compileNode(plan, types),
  );
  return async (planRun) => {
    const state = { ...planRun, root: {}, errors: [], types };
    if (runFirst) await runFirst(state);
    return {
      first: { data: state.root, errors: state.errors },
      later: async (ask) => {
        const next = { ...state, ask, errors: [] };
        if (runLater) await runLater(next);
        return { data: next.root, errors: next.errors };
      },
    };
  };
}

function compileNode(plan: Plan, types: Types): Run {
  if (plan.kind === 'fetch') return compileFetch(plan, types);
  if (plan.kind === 'condition') {
    const [yes, no] = [plan.yes, plan.no].map((node) => (node === null ? null : compileNode(node, types)));
    return async (state) => {
      const run = state.variables.coerced[clientName(plan.variable)] === true ? yes : no;
      if (run) await run(state);
    };
  }
  const runs = plan.nodes.map((node) => compileNode(node, types));
  if (plan.kind === 'parallel')
    return async (state) => {
      await Promise.all(runs.map(async (run) => await run(state)));
    };
  return async (state) => {
    for (const run of runs) await run(state);
  };
}

function compileFetch(fetch: Fetch, types: Types): Run {
  const lookups = compileLookups(fetch.lookups, types);
  return async (state) => {
    if (state.signal?.aborted === true) return;
    const query = toQuery(fetch, lookups, state);
    if (query === null) return;
    const { data, errors } = await state.ask(query);
    const located = errors.flatMap((error) => locate(error, query, state));
    state.errors.push(...located);
    if (data !== null) join(query, data, state);
  };
}

/** Returns the query to send; null if no object is there to ask about. */
function toQuery(fetch: Fetch, lookups: readonly CompiledLookup[], state: State): PartQuery | null {
  const { given, coerced } = state.variables;
  const represented = lookups.map((lookup) => represent(lookup, state.root, coerced, state.types));
  if (lookups.length > 0 && represented.every(({ texts }) => texts.length === 0)) return null;
  const variables: Record<string, unknown> = {};
  for (const name of fetch.variables) {
    const own = clientName(name);
    if (Object.hasOwn(given, own)) variables[name] = given[own];
    else if (Object.hasOwn(coerced, own)) variables[name] = coerced[own];
  }
  return { fetch, variables, represented };
}

function join({ fetch, represented }: PartQuery, data: RawObject, { root, types, errors }: State): void {
  try {
    for (const one of represented) joinEntities(one, data, types);
    if (represented.length > 0) return;
    applyRewrites(fetch.after, data, types);
    forEachAt(root, fetch.path, types, (object) => mergeInto(object, data, types));
  } catch (error) {
    errors.push({ message: String(error), extensions: { part: fetch.subgraph } });
  }
}

/** The maximum number of places that one error of a subgraph gets. */
const maxPlaces = 100;

/** Returns an error of a subgraph at each place of the client's answer that it concerns. */
function locate(error: PartError, query: PartQuery, state: State): readonly PartError[] {
  const path = error.path ?? [];
  const [key, index, ...rest] = path;
  const one = query.represented.find(({ lookup }) => lookup.key === key);
  const places =
    one === undefined || typeof index !== 'number'
      ? placesOf(new Set(objectsAt(query, state)), state.root)
      : placesOf(
          new Set(one.targets.filter((target) => target.index === index).map(({ object }) => object)),
          state.root,
        );
  if (path.length === 0 || places.length === 0) return [{ ...error, path: places[0]?.map(toClient) }];
  const below = one === undefined ? path : rest;
  return places.map((place) => ({ ...error, path: [...place, ...below].map(toClient) }));
}

function toClient(key: string | number): string | number {
  return typeof key === 'string' ? clientName(key) : key;
}

function objectsAt({ fetch, represented }: PartQuery, { root, types }: State): readonly RawObject[] {
  const objects: RawObject[] = [];
  if (represented.length > 0)
    return represented.flatMap(({ targets }) => targets.map(({ object }) => object));
  forEachAt(root, fetch.path, types, (object) => objects.push(object));
  return objects;
}

/** Returns the first paths at which objects stand in the data. */
function placesOf(wanted: ReadonlySet<RawObject>, root: RawObject): (string | number)[][] {
  const found: (string | number)[][] = [];
  const walk = (value: unknown, path: readonly (string | number)[]): void => {
    if (found.length >= maxPlaces) return;
    if (Array.isArray(value)) for (const [at, item] of value.entries()) walk(item, [...path, at]);
    else if (isRawObject(value)) {
      if (wanted.has(value)) found.push([...path]);
      for (const key of Object.keys(value)) walk(value[key], [...path, key]);
    }
  };
  walk(root, []);
  return found;
}
