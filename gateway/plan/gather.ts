import { type DocumentNode, type GraphQLSchema, isAbstractType } from 'graphql';
import { type Collected, createCollected, type Execution } from '../dispatch/collected.ts';
import type { PartSource } from '../dispatch/source.ts';
import type { RequestContext } from '../request/context.ts';
import { type IncrementalPart, incrementalParts, mayBeParted } from '../shape/incremental.ts';
import { WrittenData } from '../shape/written-data.ts';
import type { DeferredDocument } from './deferred-document.ts';
import type { AskPart } from './execute.ts';
import type { Planner } from './planner.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The joined data of the subgraphs' answers, and what they reported. */
export type Gathered = {
  /** Null if nobody was asked. */
  readonly written: WrittenData | null;
  /** The coordinates of which the data has a value, if that is known without reading the data. */
  readonly given: ReadonlySet<string> | null;
  readonly collected: Collected;
};

/** The operation that the policy allows. `key` identifies its document. */
export type Allowed = {
  readonly key: string;
  readonly document: DocumentNode;
  readonly variables: { readonly given: Variables; readonly coerced: Variables };
  /** The documents to plan in place of this one, if it is planned in parts: no response key at the root is in two of them. */
  readonly parts?: readonly PlannedPart[];
};

/** A part of an operation that is planned separately. `key` identifies its document. */
export type PlannedPart = { readonly key: string; readonly document: DocumentNode };

/** Runs the plan of an allowed operation for a reader. */
export type Gather = (allowed: Allowed, request: RequestContext) => Promise<Gathered>;

/** The data of a query with deferred fragments: the first part, and the whole with each fragment once `later` resolves. */
export type GatheredInParts = {
  readonly first: Gathered;
  /** Whether the parts are few enough to be sent. */
  readonly mayBeParted: boolean;
  readonly later: () => Promise<{
    readonly whole: Gathered;
    readonly parts: readonly IncrementalPart<never>[];
  }>;
};

/** Runs the plan of a query with deferred fragments for a reader. */
export type GatherInParts = (
  deferred: {
    readonly key: string;
    readonly document: DeferredDocument;
    readonly variables: Allowed['variables'];
  },
  request: RequestContext,
) => Promise<GatheredInParts>;

/** Creates the stages plan and dispatch for queries with deferred fragments. Each part collects its own disclosures. */
export function createGatherInParts(
  planner: Planner,
  sources: ReadonlyMap<string, PartSource>,
): GatherInParts {
  return async ({ key, document, variables }, request) => {
    const plan = async () => await planner.prepareDeferred(key, document);
    const prepared = await request.observed.run('plan', plan);
    request.endTurn?.();
    const [early, late] = [createCollected(), createCollected()];
    const { coerced } = variables;
    const ask = askFor(sources, { request, collected: early });
    const run = await prepared
      .run({ ask, variables, signal: request.signal })
      .finally(() => early.sizes.end());
    throwFirst(run.first.errors);
    const written = new WrittenData(prepared.writeFirst(run.first.data, coerced).text);
    const isParted = mayBeParted(prepared.fragments, written.data);
    return {
      first: { written, given: null, collected: early },
      mayBeParted: isParted,
      later: async () => {
        const askLater = askFor(sources, { request, collected: late });
        const joined = await run.later(askLater).finally(() => late.sizes.end());
        throwFirst(joined.errors);
        const whole = new WrittenData(prepared.writeWhole(joined.data, coerced).text);
        const parts = isParted ? incrementalParts(prepared.fragments, joined.data, coerced) : [];
        return { whole: { written: whole, given: null, collected: late }, parts };
      },
    };
  };
}

function askFor(sources: ReadonlyMap<string, PartSource>, execution: Execution): AskPart {
  return async (query) => await sourceOf(sources, query.fetch.subgraph)(query, execution);
}

/** Sources collect their failures. An error that reaches the plan is one of the hub. */
function throwFirst(errors: readonly { readonly message: string }[]): void {
  if (errors.length > 0) throw new Error(String(errors[0]?.message));
}

/** Creates the stages plan and dispatch: they plan the queries to the subgraphs, ask them, and join their answers. */
export function createGather(planner: Planner, sources: ReadonlyMap<string, PartSource>): Gather {
  // A field of an interface counts under the type that selects it, which the writer does not know.
  const isPlain = !Object.values(planner.schema.getTypeMap()).some(isAbstractType);
  const prepare = async (part: PlannedPart) => await planner.prepare(part.key, part.document);
  return async ({ key, document, variables, parts = [{ key, document }] }, request) => {
    const plan = async () => await Promise.all(parts.map(prepare));
    const prepared = await request.observed.run('plan', plan);
    request.endTurn?.();
    const collected = createCollected();
    const ask = askFor(sources, { request, collected });
    const run = async (one: (typeof prepared)[number]) =>
      await one.run({ ask, variables, signal: request.signal });
    // All parts end before the sizes do: an answer that arrived later would count for ever.
    const settled = await Promise.allSettled(prepared.map(run)).finally(() => collected.sizes.end());
    const written = prepared.map(({ write }, at) => {
      const joined = resultOf(settled[at]);
      throwFirst(joined.errors);
      return write(joined.data, variables.coerced);
    });
    // A missing value removes the object around it, whose other values were written before.
    const isGiven = isPlain && written.every(({ missing }) => missing.length === 0);
    return {
      written: new WrittenData(joinTexts(written.map(({ text }) => text))),
      given: isGiven ? written.map(({ given }) => given).reduce((one, other) => one.union(other)) : null,
      collected,
    };
  };
}

function resultOf<Value>(settled: PromiseSettledResult<Value> | undefined): Value {
  if (settled?.status === 'fulfilled') return settled.value;
  throw settled?.reason;
}

/** Joins the texts of objects that have no key in common. */
function joinTexts(texts: readonly string[]): string {
  const [first = 'null', ...others] = texts;
  if (others.length === 0) return first;
  if (texts.includes('null')) return 'null';
  return `{${texts.flatMap((text) => (text === '{}' ? [] : [text.slice(1, -1)])).join(',')}}`;
}

function sourceOf(sources: ReadonlyMap<string, PartSource>, name: string): PartSource {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`expected a source for the subgraph ${name}, got none`);
  return source;
}

/** Creates a source for each subgraph of a supergraph. Throws if `create` does for one. */
export function sourcesOf(
  { subgraphs, schema }: Pick<Planner, 'subgraphs' | 'schema'>,
  create: (name: string, schema: GraphQLSchema) => PartSource,
): ReadonlyMap<string, PartSource> {
  return new Map([...subgraphs.keys()].map((name) => [name, create(name, schema)]));
}
