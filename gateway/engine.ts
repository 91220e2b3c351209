import type { GraphQLSchema } from 'graphql';
import { checkDateTimes } from '../schema/record/date-time.ts';
import { type ListLengths, listLengthsOf } from './budget/list-lengths.ts';
import type { PartSource } from './dispatch/source.ts';
import { KindSchemas } from './introspection/kinds.ts';
import { createGather, type Gather, sourcesOf } from './plan/gather.ts';
import type { Planner } from './plan/planner.ts';
import { createValidate, type Validate } from './request/validate.ts';

/**
 * Everything that depends on one supergraph: its planner with the kept plans, the schemas of the kinds of reader, and the
 * checks of documents. A request uses one engine from its begin to its end.
 */
export type Engine = {
  readonly planner: Planner;
  readonly gather: Gather;
  readonly kinds: KindSchemas;
  readonly checks: { readonly validate: Validate; readonly lists: ListLengths };
};

/** Creates the engine of a loaded supergraph. Throws if `sourceOf` does: a subgraph has no URL in the settings. */
export function createEngine(
  planner: Planner,
  sourceOf: (name: string, schema: GraphQLSchema) => PartSource,
): Engine {
  checkDateTimes(planner.schema);
  return {
    planner,
    gather: createGather(planner, sourcesOf(planner, sourceOf)),
    kinds: new KindSchemas(planner.schema),
    checks: { validate: createValidate(planner.schema), lists: listLengthsOf(planner.schema) },
  };
}
