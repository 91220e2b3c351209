import { OperationTypeNode } from 'graphql';
import type { Fetch, Lookup, Plan, Required, Rewrite, Step } from './plan.ts';

type Path = readonly Step[];

/**
 * A plan as a planner returns it. Apollo's and Hive's differ in the segments of their paths only, and in BatchFetch, which
 * Hive has alone. Optional fields may be null.
 */
export type PlannerNode = {
  readonly kind: string;
  readonly node?: PlannerNode | null;
  readonly nodes?: readonly PlannerNode[] | null;
  readonly path?: readonly PlannerStep[] | null;
  readonly condition?: string | null;
  readonly ifClause?: PlannerNode | null;
  readonly elseClause?: PlannerNode | null;
  readonly serviceName?: string | null;
  readonly operation?: string | null;
  readonly operationKind?: string | null;
  readonly operationName?: string | null;
  readonly variableUsages?: readonly string[] | null;
  readonly requires?: readonly PlannerSelection[] | null;
  readonly inputRewrites?: readonly PlannerRewrite[] | null;
  readonly outputRewrites?: readonly PlannerRewrite[] | null;
  readonly contextRewrites?: readonly unknown[] | null;
  readonly entityBatch?: { readonly aliases: readonly PlannerAlias[] } | null;
};
type PlannerAlias = {
  readonly alias: string;
  readonly representationsVariableName: string;
  readonly paths: readonly (readonly PlannerStep[])[];
  readonly requires: readonly PlannerSelection[];
  readonly inputRewrites?: readonly PlannerRewrite[] | null;
  readonly outputRewrites?: readonly PlannerRewrite[] | null;
};
type PlannerStep =
  | string
  | number
  | { readonly Field: string }
  | { readonly Key: string }
  | { readonly TypeCondition: readonly string[] }
  | { readonly TypenameEquals: readonly string[] };
type PlannerSelection = {
  readonly kind: string;
  readonly name?: string | null;
  readonly alias?: string | null;
  readonly typeCondition?: string | null;
  readonly skipIf?: string | null;
  readonly includeIf?: string | null;
  readonly selections?: readonly PlannerSelection[] | null;
};
type RewriteFields = {
  readonly path: readonly PlannerStep[];
  readonly setValueTo?: unknown;
  readonly renameKeyTo?: string;
};
type PlannerRewrite =
  | ({ readonly kind: string } & RewriteFields)
  | { readonly ValueSetter: RewriteFields }
  | { readonly KeyRenamer: RewriteFields };

/** The planner returned a plan that this hub cannot execute. */
export class UnknownPlan extends Error {
  override readonly name = 'UnknownPlan';
}

/**
 * Reads a planner's plan. Returns null if there is nothing to ask. Throws UnknownPlan if it has an unknown part. The
 * planners differ in the meaning of an alias in a representation: Hive's replaces the name that is sent, Apollo's is
 * sent, and a rewrite replaces it.
 */
export function readPlan(
  plan: { readonly node?: PlannerNode | null },
  planner: 'apollo' | 'hive',
): Plan | null {
  return plan.node === undefined || plan.node === null ? null : new Reader(planner).node(plan.node, []);
}

class Reader {
  readonly #planner: 'apollo' | 'hive';

  constructor(planner: 'apollo' | 'hive') {
    this.#planner = planner;
  }

  node(node: PlannerNode, at: Path): Plan {
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel': {
        const nodes = (node.nodes ?? []).map((one) => this.node(one, at));
        return { kind: node.kind === 'Sequence' ? 'sequence' : 'parallel', nodes };
      }
      case 'Flatten':
        return this.node(required(node.node, 'node'), [...at, ...(node.path ?? []).flatMap(toSteps)]);
      case 'Condition': {
        const [yes, no] = [node.ifClause, node.elseClause].map((one) =>
          one === undefined || one === null ? null : this.node(one, at),
        );
        return {
          kind: 'condition',
          variable: required(node.condition, 'condition'),
          yes: yes ?? null,
          no: no ?? null,
        };
      }
      case 'Fetch':
      case 'BatchFetch':
        return this.#fetch(node, at);
      default:
        throw new UnknownPlan(`expected a known node of a plan, got ${node.kind}`);
    }
  }

  #fetch(node: PlannerNode, at: Path): Fetch {
    if ((node.contextRewrites ?? []).length > 0)
      throw new UnknownPlan('expected no @fromContext, got contextRewrites');
    const after = (node.outputRewrites ?? []).map(readRewrite);
    const isLookup = node.requires !== undefined && node.requires !== null && node.requires.length > 0;
    const single: readonly Lookup[] = isLookup
      ? [
          {
            key: '_entities',
            variable: 'representations',
            paths: [at],
            required: (node.requires ?? []).map((one) => this.#required(one)),
            before: (node.inputRewrites ?? []).map(readRewrite),
            after,
          },
        ]
      : [];
    const aliases = node.entityBatch?.aliases ?? [];
    return {
      kind: 'fetch',
      subgraph: required(node.serviceName, 'serviceName'),
      operation: (node.operationKind as OperationTypeNode | null | undefined) ?? OperationTypeNode.QUERY,
      query: required(node.operation, 'operation'),
      operationName: node.operationName ?? null,
      variables: (node.variableUsages ?? []).filter((name) => name !== 'representations'),
      path: at,
      lookups: aliases.length > 0 ? aliases.map((alias) => this.#alias(alias, at)) : single,
      after: isLookup ? [] : after,
    };
  }

  #alias(alias: PlannerAlias, at: Path): Lookup {
    return {
      key: alias.alias,
      variable: alias.representationsVariableName,
      paths: alias.paths.map((path) => [...at, ...path.flatMap(toSteps)]),
      required: alias.requires.map((one) => this.#required(one)),
      before: (alias.inputRewrites ?? []).map(readRewrite),
      after: (alias.outputRewrites ?? []).map(readRewrite),
    };
  }

  #required(selection: PlannerSelection): Required {
    const { kind, name, alias, typeCondition, includeIf, skipIf, selections } = selection;
    const below =
      selections === undefined || selections === null ? null : selections.map((one) => this.#required(one));
    if (kind === 'InlineFragment')
      return {
        kind: 'fragment',
        type: typeCondition ?? null,
        include: toList(includeIf),
        skip: toList(skipIf),
        below: below ?? [],
      };
    if (kind !== 'Field') throw new UnknownPlan(`expected a field or an inline fragment, got ${kind}`);
    const field = required(name, 'name');
    const to = alias ?? field;
    return { kind: 'field', from: this.#planner === 'hive' ? field : to, to, below };
  }
}

function toList(name: string | null | undefined): readonly string[] {
  return name === undefined || name === null ? [] : [name];
}

function readRewrite(rewrite: PlannerRewrite): Rewrite {
  const fields = fieldsOf(rewrite);
  const path = fields.path.flatMap(toSteps);
  const last = path.at(-1);
  if (last?.kind !== 'key') throw new UnknownPlan('expected a rewrite of a field, got another path');
  const change =
    fields.renameKeyTo === undefined ? { setTo: fields.setValueTo } : { renameTo: fields.renameKeyTo };
  return { path: path.slice(0, -1), key: last.key, change };
}

function fieldsOf(rewrite: PlannerRewrite): RewriteFields {
  if ('ValueSetter' in rewrite) return rewrite.ValueSetter;
  if ('KeyRenamer' in rewrite) return rewrite.KeyRenamer;
  return rewrite;
}

const typePrefix = '... on ';

function toSteps(step: PlannerStep): readonly Step[] {
  if (step === '@') return [{ kind: 'items' }];
  if (typeof step === 'string')
    return step.startsWith(typePrefix)
      ? [{ kind: 'types', types: [step.slice(typePrefix.length)] }]
      : [{ kind: 'key', key: step }];
  if (typeof step === 'number') throw new UnknownPlan('expected a path of keys, got an index');
  if ('Field' in step) return [{ kind: 'key', key: step.Field }];
  if ('Key' in step) return [{ kind: 'key', key: step.Key }];
  return [{ kind: 'types', types: 'TypeCondition' in step ? step.TypeCondition : step.TypenameEquals }];
}

function required<Value>(value: Value | null | undefined, name: string): Value {
  if (value === undefined || value === null) throw new UnknownPlan(`expected ${name} in a plan, got none`);
  return value;
}
