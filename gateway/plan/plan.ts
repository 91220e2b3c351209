import type { OperationTypeNode } from 'graphql';

/** A step into the data that a query to a subgraph joins: a response key, the items of a list, or objects of some types. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'items' }
  | { readonly kind: 'types'; readonly types: readonly string[] };

/** A part of a representation: the value of the key `from`, under the name `to`. */
export type Required =
  | {
      readonly kind: 'field';
      readonly from: string;
      readonly to: string;
      readonly below: readonly Required[] | null;
    }
  | {
      readonly kind: 'fragment';
      readonly type: string | null;
      /** Variables that have to be true, and those that have to be false. Otherwise the fragment is left out. */
      readonly include: readonly string[];
      readonly skip: readonly string[];
      readonly below: readonly Required[];
    };

/** A change to a representation before it is sent, or to an entity before it is joined. */
export type Rewrite = {
  readonly path: readonly Step[];
  readonly key: string;
  /** The value that the key gets, or the name that replaces it. */
  readonly change: { readonly setTo: unknown } | { readonly renameTo: string };
};

/** One `_entities` field of a query to a subgraph: which objects it asks for, and where its entities are joined. */
export type Lookup = {
  readonly key: string;
  readonly variable: string;
  readonly paths: readonly (readonly Step[])[];
  readonly required: readonly Required[];
  readonly before: readonly Rewrite[];
  readonly after: readonly Rewrite[];
};

/** A query to one subgraph. Without `lookups` it asks for root fields, joined at `path`. */
export type Fetch = {
  readonly kind: 'fetch';
  readonly subgraph: string;
  readonly operation: OperationTypeNode;
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: readonly string[];
  readonly path: readonly Step[];
  readonly lookups: readonly Lookup[];
  readonly after: readonly Rewrite[];
};

/** A plan of queries to subgraphs, in the form that both planners are read into. */
export type Plan =
  | Fetch
  | { readonly kind: 'sequence' | 'parallel'; readonly nodes: readonly Plan[] }
  | {
      readonly kind: 'condition';
      readonly variable: string;
      readonly yes: Plan | null;
      readonly no: Plan | null;
    };
