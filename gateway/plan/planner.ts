import { setImmediate } from 'node:timers/promises';
import { buildSchema, type DocumentNode, type GraphQLSchema, Kind, parse } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { SharedWork } from '../../schema/runtime/shared-work.ts';
import { compileWriter, type WriteData } from '../shape/writer.ts';
import { checkInThread } from './check-in-thread.ts';
import { withDeferDirective } from './defer-directive.ts';
import { type DeferredDocument, type DeferredFragment, withoutDefer } from './deferred-document.ts';
import { type CompiledPhases, compilePhases, type CompiledPlan, compilePlan } from './execute.ts';
import { loadApollo } from './load-apollo.ts';
import { memoryOf } from './memory.ts';
import { PlanNames } from './names.ts';
import { splitPlan } from './phases.ts';
import { plannedDocuments } from './planned-document.ts';
import type { Plan } from './plan.ts';
import { loadHive, type Percentages, planByApollo, type PlanOperation } from './planners.ts';
import { Types } from './types.ts';

/** An operation that is ready: its plan, and how its answer is written. */
export type Prepared = {
  readonly run: CompiledPlan;
  readonly write: WriteData;
  /** Its memory, estimated. */
  readonly bytes: number;
};

/** An operation with deferred fragments that is ready. */
export type PreparedDeferred = {
  readonly run: CompiledPhases;
  readonly writeFirst: WriteData;
  readonly writeWhole: WriteData;
  /** Writes the data of each fragment, from the root of the operation. */
  readonly fragments: readonly (DeferredFragment & { readonly write: WriteData })[];
  readonly bytes: number;
};

/** The supergraph with its planners. */
export type Planner = {
  readonly schema: GraphQLSchema;
  readonly supergraph: string;
  /** The names of the subgraphs, with the URLs that the supergraph states. */
  readonly subgraphs: ReadonlyMap<string, string | undefined>;
  /**
   * Plans a valid document with one operation. `key` identifies the document: equal documents are planned once, also
   * if they arrive together.
   */
  prepare(key: string, document: DocumentNode): Promise<Prepared>;
  /** Plans a valid query with `@defer`. `key` identifies the document. */
  prepareDeferred(key: string, document: DeferredDocument): Promise<PreparedDeferred>;
  stop(): Promise<void>;
};

/** The planner to begin with. The other one plans what it cannot. */
export type PlannerName = 'hive' | 'apollo';

/** The maximum memory of the prepared operations that are kept. */
const keptBytes = 64_000_000;

/** Loads a supergraph into Apollo's gateway, which validates it, and into both planners. Throws if it is invalid. */
export async function loadPlanner(
  supergraph: string,
  { first = 'hive', planningMs = 1000 }: { readonly first?: PlannerName; readonly planningMs?: number } = {},
): Promise<Planner> {
  const loaded = await loadApollo(supergraph);
  const hive = await loadHive(supergraph, planningMs);
  const percentages = hive?.percentages ?? [];
  const apollo = planByApollo(loaded.planner, percentages);
  const others = hive === null ? [] : [hive.plan];
  const planners = first === 'hive' ? [...others, apollo] : [apollo, ...others];
  return plannerOf(supergraph, { ...loaded, planners, percentages });
}

/**
 * Loads a supergraph while requests are in progress: it is validated in another thread, and Apollo's planner is loaded only
 * when Hive's finds no plan. On a platform without Hive's planner the event loop is blocked for more than a second.
 */
export async function loadNextPlanner(supergraph: string, planningMs = 1000): Promise<Planner> {
  const { api, subgraphs } = await checkInThread(supergraph);
  await setImmediate();
  const hive = await loadHive(supergraph, planningMs);
  await setImmediate();
  if (hive === null) return await loadPlanner(supergraph, { planningMs });
  const { percentages } = hive;
  let loading: ReturnType<typeof loadApollo> | null = null;
  const apollo: PlanOperation = async (document, override) => {
    loading ??= loadApollo(supergraph);
    return await planByApollo((await loading).planner, percentages)(document, override);
  };
  const stop = async () => await (await loading)?.stop();
  return plannerOf(supergraph, { api, subgraphs, planners: [hive.plan, apollo], percentages, stop });
}

function plannerOf(
  supergraph: string,
  loaded: {
    readonly api: GraphQLSchema;
    readonly subgraphs: Planner['subgraphs'];
    readonly planners: readonly PlanOperation[];
    readonly percentages: Percentages;
    readonly stop: () => Promise<void>;
  },
): Planner {
  const { api, subgraphs, planners, percentages, stop } = loaded;
  const whole = buildSchema(supergraph, { assumeValid: true, assumeValidSDL: true });
  const schema = withDeferDirective(api);
  return {
    schema,
    supergraph,
    subgraphs,
    ...prepareOnce(planners, percentages, { api: schema, whole }),
    stop,
  };
}

function prepareOnce(
  planners: readonly PlanOperation[],
  percentages: Percentages,
  { api, whole }: { readonly api: GraphQLSchema; readonly whole: GraphQLSchema },
): Pick<Planner, 'prepare' | 'prepareDeferred'> {
  const types = new Types(whole);
  const names = new PlanNames(whole);
  const writerOf = (document: DocumentNode) => compileWriter(document, api, (field) => names.keyOf(field));
  const planOf = async (document: DocumentNode, override: number): Promise<Plan | null> => {
    const nodes: Plan[] = [];
    for (const planned of plannedDocuments(document, names, api)) {
      const plan = await planByOne(planners, planned, override);
      if (plan !== null) nodes.push(plan);
    }
    const [only, ...others] = nodes;
    return others.length === 0 ? (only ?? null) : { kind: 'sequence', nodes };
  };
  const prepare = async (document: DocumentNode, override: number): Promise<Prepared> => {
    const plain = withoutDefer(document);
    const write = writerOf(plain);
    const plan = await planOf(plain, override);
    return { run: compilePlan(plan, types), write, bytes: memoryOf(document) };
  };
  const prepareDeferred = async (deferred: DeferredDocument, override: number): Promise<PreparedDeferred> => {
    const plan = await planOf(deferred.whole, override);
    const phases = plan === null ? { first: null, later: null } : splitPlan(plan, deferred.first, names);
    const documents = [deferred.first, ...deferred.fragments.map(({ document }) => document)];
    return {
      run: compilePhases(phases, types),
      writeFirst: writerOf(deferred.first),
      writeWhole: writerOf(deferred.whole),
      fragments: deferred.fragments.map((one) => ({ ...one, write: writerOf(one.document) })),
      bytes: [deferred.whole, ...documents].reduce((sum, one) => sum + memoryOf(one), 0),
    };
  };
  const keepDeferred = onceByKey(percentages, prepareDeferred, 'deferred-plans');
  return {
    prepare: onceByKey(percentages, prepare, 'plans'),
    prepareDeferred: async (key, deferred) => await keepDeferred(`${deferred.choice} ${key}`, deferred),
  };
}

/** Prepares each document once for each percentage of `@override`, and keeps those that were used last. */
function onceByKey<Document, Result extends { readonly bytes: number }>(
  percentages: Percentages,
  prepare: (document: Document, override: number) => Promise<Result>,
  name: string,
): (key: string, document: Document) => Promise<Result> {
  const known = new ByteCache<Result>(keptBytes / 2, name);
  const inProgress = new SharedWork<Result>();
  return async (key, document) => {
    const override = percentages.length === 0 ? 0 : Math.random() * 100;
    const branch = percentages.findIndex((percentage) => override < percentage);
    const fullKey = `${branch} ${key}`;
    const found = known.get(fullKey);
    if (found !== undefined) return found;
    return await inProgress.run(fullKey, null, async () => {
      const prepared = await prepare(document, override);
      known.set(fullKey, prepared, prepared.bytes);
      return prepared;
    });
  };
}

/**
 * Returns the plan of the first planner that finds one. Rejects with the error of the first if none does, and at once with
 * a HubError, which says that the operation is too large.
 */
async function planByOne(
  planners: readonly PlanOperation[],
  document: DocumentNode,
  override: number,
): Promise<Plan | null> {
  const errors: unknown[] = [];
  for (const plan of planners) {
    try {
      const found = await plan(document, override);
      // Hive's planner prints an invalid query for some fragments.
      return found === null ? null : withoutTypeNames(parsed(found));
    } catch (error) {
      errors.push(error);
      if (error instanceof HubError) throw error;
    }
  }
  throw errors[0];
}

/** Returns the plan. Throws if a query in it cannot be parsed. */
function parsed(plan: Plan): Plan {
  for (const { query } of fetchesOf(plan)) parse(query, { noLocation: true });
  return plan;
}

function* fetchesOf(plan: Plan): Iterable<Extract<Plan, { kind: 'fetch' }>> {
  if (plan.kind === 'fetch') yield plan;
  else if (plan.kind === 'condition') {
    for (const below of [plan.yes, plan.no]) if (below !== null) yield* fetchesOf(below);
  } else for (const below of plan.nodes) yield* fetchesOf(below);
}

/** Returns a plan without queries for the name of the root type alone: the hub knows it. */
function withoutTypeNames(plan: Plan): Plan | null {
  if (plan.kind === 'fetch') return plan.lookups.length === 0 && asksTypeNameOnly(plan.query) ? null : plan;
  if (plan.kind === 'condition') {
    const [yes, no] = [plan.yes, plan.no].map((below) => (below === null ? null : withoutTypeNames(below)));
    return { ...plan, yes: yes ?? null, no: no ?? null };
  }
  const nodes = plan.nodes.map(withoutTypeNames).filter((node) => node !== null);
  return nodes.length === 0 ? null : { ...plan, nodes };
}

function asksTypeNameOnly(query: string): boolean {
  return parse(query, { noLocation: true }).definitions.every(
    (one) =>
      one.kind === Kind.OPERATION_DEFINITION &&
      one.selectionSet.selections.every(
        (field) => field.kind === Kind.FIELD && field.name.value === '__typename',
      ),
  );
}
