import type { GraphQLSchema } from 'graphql';
import { checkDateTimes } from '../schema/record/date-time.ts';
import { type ListLengths, listLengthsOf } from './budget/list-lengths.ts';
import type { PartSource } from './dispatch/source.ts';
import { type NodeLookups, nodeLookupsOf } from '../schema/node-interface/node-lookups.ts';
import { withNode } from '../schema/node-interface/with-node.ts';
import { KindSchemas } from './introspection/kinds.ts';
import {
  createGather,
  createGatherInParts,
  type Gather,
  type GatherInParts,
  sourcesOf,
} from './plan/gather.ts';
import type { Planner } from './plan/planner.ts';
import { shareAnswers } from './plan/share.ts';
import { createValidate, type Validate } from './request/validate.ts';

/**
 * Everything that depends on one supergraph: its planner with the kept plans, the queries in progress that readers share,
 * the schemas of the kinds of reader, and the checks of documents. A request uses one engine from its begin to its end.
 */
export type Engine = {
  readonly planner: Planner;
  readonly gather: Gather;
  readonly gatherInParts: GatherInParts;
  readonly kinds: KindSchemas;
  readonly validate: Validate;
  readonly lists: ListLengths;
  /** The root fields that replace `node` and `nodes`. */
  readonly lookups: NodeLookups;
  /** The schema that clients see: with the interface `Node`, which the planner does not have. */
  readonly published: GraphQLSchema;
};

/** Creates the engine of a loaded supergraph. Throws if `sourceOf` does: a subgraph has no URL in the settings. */
export function createEngine(
  planner: Planner,
  sourceOf: (name: string, schema: GraphQLSchema) => PartSource,
  { keepMs }: { readonly keepMs: number },
): Engine {
  const { schema } = planner;
  checkDateTimes(schema);
  const sources = sourcesOf(planner, sourceOf);
  const published = withNode(schema);
  return {
    planner,
    gather: shareAnswers(createGather(planner, sources), keepMs),
    gatherInParts: createGatherInParts(planner, sources),
    kinds: new KindSchemas(schema),
    validate: createValidate(published),
    lists: listLengthsOf(schema),
    lookups: nodeLookupsOf(schema),
    published,
  };
}
