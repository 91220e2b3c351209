import { type DocumentNode, type GraphQLSchema, isAbstractType } from 'graphql';
import { type Collected, createCollected, type Execution } from '../dispatch/collected.ts';
import type { PartSource } from '../dispatch/source.ts';
import type { RequestContext } from '../request/context.ts';
import { WrittenData } from '../shape/written-data.ts';
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
};

/** Runs the plan of an allowed operation for a reader. */
export type Gather = (allowed: Allowed, request: RequestContext) => Promise<Gathered>;

/** Creates the stages plan and dispatch: they plan the queries to the subgraphs, ask them, and join their answers. */
export function createGather(planner: Planner, sources: ReadonlyMap<string, PartSource>): Gather {
  // A field of an interface counts under the type that selects it, which the writer does not know.
  const isPlain = !Object.values(planner.schema.getTypeMap()).some(isAbstractType);
  return async ({ key, document, variables }, request) => {
    const { observed } = request;
    const { run, write } = await observed.run('plan', async () => await planner.prepare(key, document));
    const collected = createCollected();
    const execution: Execution = { request, collected };
    const ask = async (query: Parameters<PartSource>[0]) =>
      await sourceOf(sources, query.fetch.subgraph)(query, execution);
    const joined = await run({ ask, variables, signal: request.signal }).finally(() => collected.sizes.end());
    for (const part of collected.failedSubgraphs) observed.parts.add(part);
    if (joined.errors.length > 0) throw new Error(String(joined.errors[0]?.message));
    const { text, missing, given } = write(joined.data, variables.coerced);
    // A missing value removes the object around it, whose other values were written before.
    return {
      written: new WrittenData(text),
      given: isPlain && missing.length === 0 ? given : null,
      collected,
    };
  };
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
