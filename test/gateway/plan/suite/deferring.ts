import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  visit,
} from 'graphql';
import { isDeepStrictEqual } from 'node:util';
import { splitDeferred } from '../../../../gateway/plan/deferred-document.ts';
import { loadPlanner, type Planner, type PlannerName } from '../../../../gateway/plan/planner.ts';
import { onlyOperation } from '../../../../gateway/request/operation.ts';
import { incrementalParts } from '../../../../gateway/shape/incremental.ts';
import { askSchemas } from './engine.ts';
import { type Random, randomFrom } from './random.ts';
import type { Execute } from './run-suite.ts';
import type { Supergraph } from './supergraph.ts';

/** The counts of the deferred executions, and those whose merged parts differ from the answer at once. */
export type Deferrals = {
  operations: number;
  parts: number;
  laterQueries: number;
  readonly differences: string[];
};

/**
 * Creates an `Execute` that puts random selections of each query into fragments with `@defer`. It executes the query at once
 * and in two phases, merges the parts as a client does, and notes each difference in `done`.
 */
export function createDeferringExecute(first: PlannerName, done: Deferrals, seed = 1): Execute {
  const planners = new Map<Supergraph, Promise<Planner>>();
  const random = randomFrom(seed);
  return async (supergraph, { query, variables = {}, operationName }) => {
    const loading = planners.get(supergraph) ?? loadPlanner(supergraph.supergraphSdl, { first });
    planners.set(supergraph, loading);
    const planner = await loading;
    const document = onlyOperation(parse(query), operationName ?? null, planner.schema);
    const deferring = deferSome(document, random);
    const definitions = getOperationAST(document)?.variableDefinitions ?? [];
    const { coerced = {} } = getVariableValues(planner.schema, definitions, variables);
    const given = { given: variables, coerced };
    const ask = askSchemas(supergraph);
    const { run, write } = await planner.prepare(print(deferring), deferring);
    const atOnce = await run({ ask, variables: given, signal: null });
    const { text, missing } = write(atOnce.data, coerced);
    const wanted = { data: JSON.parse(text) as Record<string, unknown> | null };
    const deferred = splitDeferred(deferring, coerced);
    if (deferred === null) return wanted;
    supergraph.reset();
    const prepared = await planner.prepareDeferred(print(deferring), deferred);
    const { first: begun, later } = await prepared.run({ ask, variables: given, signal: null });
    const data = JSON.parse(prepared.writeFirst(begun.data, coerced).text) as Record<string, unknown> | null;
    const joined = await later(async (asked) => {
      done.laterQueries += 1;
      return await ask(asked);
    });
    const parts = incrementalParts(prepared.fragments, joined.data, coerced);
    done.operations += 1;
    done.parts += parts.length;
    // A null in place of a required value ends at the fragment, and at once above it.
    if (missing.length > 0 || atOnce.errors.length > 0) return wanted;
    for (const { path, data: part } of parts) mergeAt(data, path, part);
    if (!isDeepStrictEqual(data, wanted.data))
      done.differences.push(
        [supergraph.name, print(deferring), JSON.stringify(variables), text, JSON.stringify(data)].join('\n'),
      );
    return wanted;
  };
}

/** Puts about a third of the selections with others around them into fragments with `@defer`. */
function deferSome(document: DocumentNode, random: Random): DocumentNode {
  if (getOperationAST(document)?.operation !== OperationTypeNode.QUERY) return document;
  return visit(document, {
    SelectionSet: {
      leave: (node) => {
        const [kept, moved]: [SelectionNode[], SelectionNode[]] = [[], []];
        for (const one of node.selections) (random.chance(0.3) ? moved : kept).push(one);
        if (moved.length === 0) return undefined;
        const directives = [{ kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'defer' } }] as const;
        const fragment = {
          kind: Kind.INLINE_FRAGMENT,
          directives,
          selectionSet: { kind: Kind.SELECTION_SET, selections: moved },
        } as const;
        return { ...node, selections: [...kept, fragment] };
      },
    },
  });
}

function mergeAt(root: unknown, path: readonly (string | number)[], part: unknown): void {
  let at = root as Record<string | number, unknown>;
  for (const key of path) at = at[key] as Record<string | number, unknown>;
  merge(at, part as Record<string, unknown>);
}

function merge(target: Record<string | number, unknown>, source: Record<string | number, unknown>): void {
  for (const [key, value] of Object.entries(source)) {
    const own = target[key];
    const areObjects = typeof own === 'object' && own !== null && typeof value === 'object' && value !== null;
    if (areObjects) merge(own as Record<string, unknown>, value as Record<string, unknown>);
    else target[key] = value;
  }
}
