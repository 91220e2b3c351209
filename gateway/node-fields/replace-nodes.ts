import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parseType,
  type SelectionNode,
  type SelectionSetNode,
  valueFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { lookupOfId, type NodeLookup, type NodeLookups } from '../../schema/node-interface/node-lookups.ts';
import { maxNodeIds } from '../../schema/node-interface/with-node.ts';
import { type Fragments, fragmentsOf, inlined, withUsed } from '../introspection/split.ts';
import { isActive } from '../request/active.ts';
import { isNodeField } from '../request/node-field.ts';
import { mentionsNode, Narrowing } from './narrow.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The look-ups that replace the fields `node` and `nodes` of an operation. */
export type ReplacedNodes = {
  /** The values of the variables that the look-ups use. */
  readonly variables: Readonly<Record<string, string>>;
  /** The response keys at the root in the order of the client's operation. */
  readonly order: readonly string[];
  /** The response keys of the look-ups of each field, by the field's response key; null for an id that names nothing. */
  readonly keysOf: ReadonlyMap<string, string | null | readonly (string | null)[]>;
  /** The types of the look-ups, by their response keys. The look-ups of one type are planned together. */
  readonly types: ReadonlyMap<string, string>;
  /** The response key that tells that an object exists of which the client selects nothing. */
  readonly existsKey: string;
};

/** An operation without the interface `Node`. */
export type Replaced = { readonly document: DocumentNode; readonly nodes: ReplacedNodes | null };

/**
 * Replaces the root fields `node` and `nodes` of a valid operation by the look-ups of the types that the ids name, and
 * fragments on the interface by those on its types. All later stages meet look-ups only: the decision, the
 * price of a community's answer and the audit log are theirs. An id that names no type is not looked up. Throws BAD_USER_INPUT
 * for more than 50 ids.
 */
export function replaceNodes(
  document: DocumentNode,
  variables: Variables,
  schema: GraphQLSchema,
  lookups: NodeLookups,
): Replaced {
  const operation = getOperationAST(document);
  const root = operation ? schema.getRootType(operation.operation) : null;
  if (!operation || !root || !mentionsNode(document)) return { document, nodes: null };
  return new Replacing(
    { operation, root, fragments: fragmentsOf(document) },
    variables,
    schema,
    lookups,
  ).run();
}

type Asked = {
  readonly operation: OperationDefinitionNode;
  readonly root: GraphQLObjectType;
  readonly fragments: Fragments;
};

/** Replaces the fields of one operation. */
class Replacing {
  readonly #asked: Asked;
  readonly #variables: Variables;
  readonly #schema: GraphQLSchema;
  readonly #lookups: NodeLookups;
  readonly #narrowing: Narrowing;
  readonly #prefix: string;
  readonly #order = new Set<string>();
  readonly #keysOf = new Map<string, string | null | readonly (string | null)[]>();
  readonly #types = new Map<string, string>();
  readonly #values = new Map<string, string>();
  readonly #definitions = new Map<string, VariableDefinitionNode>();
  readonly #lifted: FieldNode[] = [];

  constructor(asked: Asked, variables: Variables, schema: GraphQLSchema, lookups: NodeLookups) {
    this.#asked = asked;
    this.#variables = variables;
    this.#schema = schema;
    this.#lookups = lookups;
    this.#narrowing = new Narrowing(asked.fragments);
    this.#prefix = unusedPrefix(asked);
  }

  run(): Replaced {
    const { operation, root, fragments } = this.#asked;
    if (operation.operation !== OperationTypeNode.QUERY || !asksNodes(operation.selectionSet, fragments)) {
      const selections = this.#narrowing.narrow(operation.selectionSet, root);
      return { document: this.#documentOf(selections), nodes: null };
    }
    const others = this.#withoutNodes(inlined(operation.selectionSet, fragments), true);
    const set = { ...operation.selectionSet, selections: others };
    // In the order of their response keys, so that equal look-ups are equal documents, whatever the order of the ids.
    const lifted = this.#lifted.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const selections = [...this.#narrowing.narrow(set, root), ...lifted];
    const nodes = {
      variables: Object.fromEntries(this.#values),
      order: [...this.#order],
      keysOf: this.#keysOf,
      types: this.#types,
      existsKey: `${this.#prefix}Exists`,
    };
    return { document: this.#documentOf(selections), nodes };
  }

  #documentOf(selections: readonly SelectionNode[]): DocumentNode {
    const { operation } = this.#asked;
    const selectionSet: SelectionSetNode = {
      kind: Kind.SELECTION_SET,
      selections: selections.length > 0 ? selections : [fieldNamed('__typename', `${this.#prefix}Type`)],
    };
    const variableDefinitions = [...(operation.variableDefinitions ?? []), ...this.#definitions.values()];
    return withUsed({ ...operation, variableDefinitions, selectionSet }, this.#narrowing.fragments());
  }

  /** Takes the fields `node` and `nodes` out of the selections at the root, and notes the order of all fields. */
  #withoutNodes(selections: readonly SelectionNode[], active: boolean): readonly SelectionNode[] {
    return selections.flatMap((one): readonly SelectionNode[] => {
      const asked = active && isActive(one, this.#variables);
      if (one.kind === Kind.FIELD) {
        if (asked) this.#order.add(keyOf(one));
        if (!isNodeField(one)) return [one];
        if (asked) this.#replace(one);
        return [];
      }
      if (one.kind === Kind.FRAGMENT_SPREAD) return [one];
      const left = this.#withoutNodes(one.selectionSet.selections, asked);
      return left.length === 0 ? [] : [{ ...one, selectionSet: { ...one.selectionSet, selections: left } }];
    });
  }

  #replace(field: FieldNode): void {
    const key = keyOf(field);
    if (field.name.value === 'node') {
      const found = lookupOfId(String(argumentOf(field, 'id', idType, this.#variables)), this.#lookups);
      if (found !== null) this.#lookUp(key, `${this.#prefix}One_${key}`, found, field);
      this.#keysOf.set(key, found === null ? null : key);
      return;
    }
    const ids = argumentOf(field, 'ids', idsType, this.#variables) as readonly string[];
    if (ids.length > maxNodeIds)
      throw new HubError('BAD_USER_INPUT', `ids: expected at most ${maxNodeIds}, got ${ids.length}`);
    this.#keysOf.set(key, this.#lookUpAll(key, ids, field));
  }

  /** Looks each id up once. The names of the look-ups of a type depend on their number only, so that plans are found again. */
  #lookUpAll(key: string, ids: readonly string[], field: FieldNode): readonly (string | null)[] {
    const names = new Map<string, string | null>();
    const counts = new Map<string, number>();
    for (const id of new Set(ids)) {
      const found = lookupOfId(id, this.#lookups);
      if (found === null) continue;
      const { type } = found.lookup;
      const count = counts.get(type) ?? 0;
      counts.set(type, count + 1);
      const name = `${this.#prefix}Of_${key}_${type}_${count}`;
      names.set(id, name);
      this.#lookUp(name, name, found, field);
    }
    return ids.map((id) => names.get(id) ?? null);
  }

  #lookUp(
    key: string,
    variable: string,
    { lookup, values }: Exclude<ReturnType<typeof lookupOfId>, null>,
    { selectionSet }: FieldNode,
  ): void {
    for (const [name, value] of Object.entries(values)) {
      this.#values.set(`${variable}_${name}`, value);
      this.#definitions.set(`${variable}_${name}`, definitionOf(`${variable}_${name}`, lookup, name));
    }
    this.#types.set(key, lookup.type);
    const selections = selectionSet === undefined ? [] : this.#selectionsOf(selectionSet, lookup.type);
    this.#lifted.push({
      ...fieldNamed(lookup.field, key),
      arguments: Object.keys(values).map((name) => ({
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: name },
        value: variableNamed(`${variable}_${name}`),
      })),
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    });
  }

  #selectionsOf(set: SelectionSetNode, name: string): readonly SelectionNode[] {
    const type = this.#schema.getType(name) as GraphQLObjectType;
    const selections = this.#narrowing.narrow(set, type);
    return selections.length > 0 ? selections : [fieldNamed('__typename', `${this.#prefix}Exists`)];
  }
}

const idType = new GraphQLNonNull(GraphQLID);
const idsType = new GraphQLNonNull(new GraphQLList(idType));

/** Returns the value of an argument. Throws BAD_USER_INPUT for null, which a variable with a default value can be. */
function argumentOf(
  { arguments: given }: FieldNode,
  name: string,
  type: GraphQLNonNull<typeof GraphQLID> | GraphQLNonNull<GraphQLList<typeof idType>>,
  variables: Variables,
): unknown {
  const argument = given?.find((one) => one.name.value === name);
  const value = argument && valueFromAST(argument.value, type, variables);
  if (value === undefined || value === null)
    throw new HubError('BAD_USER_INPUT', `${name}: expected ${String(type)}, got null`);
  return value;
}

function asksNodes(set: SelectionSetNode, fragments: Fragments): boolean {
  const asks = (one: SelectionNode): boolean =>
    one.kind === Kind.FIELD
      ? isNodeField(one)
      : one.kind === Kind.INLINE_FRAGMENT && one.selectionSet.selections.some(asks);
  return inlined(set, fragments).some(asks);
}

/** Returns a prefix that no response key and no variable of the client begins with. */
function unusedPrefix({ operation, fragments }: Asked): string {
  const names = new Set((operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value));
  for (const one of [operation, ...fragments.values()])
    visit(one.selectionSet, { Field: (field) => void names.add(keyOf(field)) });
  let prefix = 'jcuNode';
  while ([...names].some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

function keyOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}

function fieldNamed(name: string, alias: string): FieldNode {
  return {
    kind: Kind.FIELD,
    name: { kind: Kind.NAME, value: name },
    alias: { kind: Kind.NAME, value: alias },
  };
}

function definitionOf(variable: string, { argumentTypes }: NodeLookup, name: string): VariableDefinitionNode {
  const type = parseType(argumentTypes[name] ?? '', { noLocation: true });
  return { kind: Kind.VARIABLE_DEFINITION, variable: variableNamed(variable), type };
}

function variableNamed(value: string) {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value } } as const;
}
