import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { textOf } from '../../schema/runtime/json-text.ts';

type Variables = Readonly<Record<string, unknown>>;
type Raw = Readonly<Record<string, unknown>>;

/** A null where the graph does not allow one, with its path in the answer. */
export type MissingValue = { readonly field: string; readonly path: readonly (string | number)[] };

/** The JSON text of the data of an answer, and the nulls that no subgraph explains. */
export type Written = {
  readonly text: string;
  readonly missing: readonly MissingValue[];
  /** The coordinates of which a value was written, such as `Advisory.title`, under the type of the object. */
  readonly given: ReadonlySet<string>;
};

/** Writes the data of an operation from the joined answers of the subgraphs. */
export type WriteData = (data: Raw, variables: Variables) => Written;

/** One write of an answer. */
type Run = {
  readonly variables: Variables;
  /** The texts of the objects that were written, by selection: an object may stand at several places. */
  readonly memos: (Map<object, string | undefined> | undefined)[];
  /** The path of the value; null while no value is missing, so that none is needed. */
  readonly path: (string | number)[] | null;
  readonly missing: MissingValue[];
  readonly given: Set<string>;
};

/** Writes one value. Undefined says that the value is null and may not be. */
type Write = (value: unknown, run: Run) => string | undefined;
type Condition = (variables: Variables) => boolean;
type Field = {
  readonly coordinate: string | null;
  /** The key in the joined answers, and in the answer. */
  readonly from: string;
  readonly key: string;
  readonly prefix: string;
  readonly isOwn: boolean;
  readonly isIncluded: Condition | null;
  readonly write: Write;
};

/**
 * Compiles how the answer of an operation is written: the requested fields in their order, the leaves that have their
 * type, null in place of the others, and of each object that lacks a value it must have. An object that stands at many
 * places is written once. `keyOf` gives the key that a field has in the joined answers.
 */
export function compileWriter(
  document: DocumentNode,
  schema: GraphQLSchema,
  keyOf: (field: FieldNode) => string = responseKey,
): WriteData {
  const operation = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const root = operation === undefined ? undefined : schema.getRootType(operation.operation);
  if (operation === undefined || !root)
    throw new Error('expected an operation with a root type of the schema');
  const compiler = new Compiler(document, schema, keyOf);
  const write = compiler.object(root, [{ set: operation.selectionSet, condition: null }]);
  return (data, variables) => {
    const run = (path: Run['path']): Written => {
      const missing: MissingValue[] = [];
      const given = new Set<string>();
      const text = write(data, { variables, memos: [], path, missing, given }) ?? 'null';
      return { text, missing, given };
    };
    const written = run(null);
    return written.missing.length === 0 ? written : run([]);
  };
}

type Selected = { readonly set: SelectionSetNode; readonly condition: Condition | null };
type Found = { readonly node: FieldNode; readonly condition: Condition | null };

class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #keyOf: (field: FieldNode) => string;
  #memos = 0;

  constructor(document: DocumentNode, schema: GraphQLSchema, keyOf: (field: FieldNode) => string) {
    this.#schema = schema;
    this.#keyOf = keyOf;
    this.#fragments = new Map(
      document.definitions.flatMap((one) =>
        one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
      ),
    );
  }

  /** Compiles the fields of an object for each type that it can have. */
  object(declared: GraphQLCompositeType, sets: readonly Selected[]): Write {
    const schema = this.#schema;
    const byType = new Map<string, readonly Field[] | null>();
    const fieldsOf = (name: string): readonly Field[] | null => {
      let fields = byType.get(name);
      if (fields === undefined) {
        const type = schema.getType(name);
        if (type === undefined) return null;
        const isPossible = isObjectType(type) && (declared === type || isBelow(schema, declared, type));
        fields = isPossible || type === declared ? this.#fields(type, sets) : null;
        byType.set(name, fields);
      }
      return fields;
    };
    const own = isObjectType(declared) ? fieldsOf(declared.name) : null;
    return (value, run) => {
      const object = value as Raw;
      // The planner does not ask for the type where nothing depends on it: the fields are those of the interface.
      const name = object['__typename'];
      const fields = own ?? fieldsOf(typeof name === 'string' ? name : declared.name);
      return fields === null ? 'null' : writeFields(object, fields, run);
    };
  }

  #fields(type: GraphQLCompositeType, sets: readonly Selected[]): readonly Field[] {
    const found = new Map<string, Found[]>();
    const order: Found[] = [];
    for (const { set, condition } of sets) this.#collect(set.selections, condition, type, found, order);
    const written = new Map<string, readonly Field[]>();
    for (const [key, all] of found) written.set(key, this.#field(key, all, type));
    return order.flatMap((one) => {
      const key = responseKey(one.node);
      const isIncluded = unless(one.condition, conditionsBefore(one, found.get(key) ?? []));
      return (written.get(key) ?? []).map((field) => ({ ...field, isIncluded }));
    });
  }

  /** Collects the fields by their key, and in the order in which they get their place in the answer. */
  #collect(
    selections: readonly SelectionNode[],
    condition: Condition | null,
    type: GraphQLCompositeType,
    found: Map<string, Found[]>,
    order: Found[],
  ): void {
    for (const one of selections) {
      const here = both(condition, conditionOf(one));
      if (one.kind === Kind.FIELD) {
        const key = responseKey(one);
        const known = found.get(key) ?? [];
        const added = { node: one, condition: here };
        // A field that is there in any case leaves no place to a later one.
        if (!known.some((other) => other.condition === null)) order.push(added);
        known.push(added);
        found.set(key, known);
        continue;
      }
      const fragment = one.kind === Kind.INLINE_FRAGMENT ? one : this.#fragments.get(one.name.value);
      if (fragment !== undefined && this.#applies(fragment.typeCondition?.name.value, type))
        this.#collect(fragment.selectionSet.selections, here, type, found, order);
    }
  }

  #applies(condition: string | undefined, type: GraphQLCompositeType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    return isAbstractType(named) && isBelow(this.#schema, named, type);
  }

  #field(key: string, all: readonly Found[], type: GraphQLCompositeType): readonly Field[] {
    const [first] = all;
    if (first === undefined) return [];
    const name = first.node.name.value;
    const from = this.#keyOf(first.node);
    const coordinate = name === '__typename' ? null : `${type.name}.${name}`;
    const common = {
      coordinate,
      from,
      key,
      prefix: `${JSON.stringify(key)}:`,
      isOwn: from in {},
      isIncluded: null,
    };
    if (name === '__typename') {
      const text = isObjectType(type) ? JSON.stringify(type.name) : undefined;
      return [{ ...common, write: () => text }];
    }
    const definition = 'getFields' in type ? type.getFields()[name] : undefined;
    if (definition === undefined) return [];
    const sets = all.flatMap(({ node, condition }) =>
      node.selectionSet === undefined ? [] : [{ set: node.selectionSet, condition }],
    );
    return [{ ...common, write: this.#value(definition.type, sets, `${type.name}.${name}`) }];
  }

  #value(type: GraphQLOutputType, sets: readonly Selected[], field: string): Write {
    if (isNonNullType(type))
      return required(this.#value(type.ofType as GraphQLOutputType, sets, field), field);
    if (isListType(type)) return listOf(this.#value(type.ofType, sets, field));
    if (isLeafType(type)) return leafOf(type);
    const write = this.object(type, sets);
    const memo = this.#memos;
    this.#memos += 1;
    return (value, run) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'null';
      const known = (run.memos[memo] ??= new Map());
      if (known.has(value)) return known.get(value);
      const text = write(value, run);
      known.set(value, text);
      return text;
    };
  }
}

function responseKey({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}

function isBelow(schema: GraphQLSchema, declared: GraphQLCompositeType, type: GraphQLCompositeType): boolean {
  return isAbstractType(declared) && !isUnionType(type) && schema.isSubType(declared, type);
}

/** Writes an object. Null in place of it if a field has to have a value and has none. */
function writeFields(object: Raw, fields: readonly Field[], run: Run): string {
  let text = '{';
  let isFirst = true;
  for (const { coordinate, from, key, prefix, isOwn, isIncluded, write } of fields) {
    if (isIncluded !== null && !isIncluded(run.variables)) continue;
    const value = isOwn && !Object.hasOwn(object, from) ? null : object[from];
    run.path?.push(key);
    const written = write(value, run);
    run.path?.pop();
    if (written === undefined) return 'null';
    if (coordinate !== null && !isEmpty(written)) run.given.add(coordinate);
    text += isFirst ? prefix : `,${prefix}`;
    text += written;
    isFirst = false;
  }
  return `${text}}`;
}

/** Returns whether a written value is null, or a list with nothing else in it. */
function isEmpty(text: string): boolean {
  if (text === 'null' || text === '[]') return true;
  // Most lists begin with a value.
  return (
    (text.startsWith('[n') || text.startsWith('[[') || text.startsWith('[]')) &&
    /^(?:\[|\]|,|null)*$/.test(text)
  );
}

/** A null of a value that may not be null reaches the next value above that may be. */
function required(write: Write, field: string): Write {
  return (value, run) => {
    const before = run.missing.length;
    const text = write(value, run);
    if (text !== undefined && text !== 'null') return text;
    if (text === 'null' && run.missing.length === before)
      run.missing.push({ field, path: [...(run.path ?? [])] });
    return undefined;
  };
}

function listOf(write: Write): Write {
  return (value, run) => {
    if (!Array.isArray(value)) return 'null';
    let text = '[';
    for (let at = 0; at < value.length; at += 1) {
      run.path?.push(at);
      const item = write(value[at], run);
      run.path?.pop();
      if (item === undefined) return 'null';
      text += at === 0 ? item : `,${item}`;
    }
    return `${text}]`;
  };
}

const maxInt = 2 ** 31;

/** Writes a leaf; null if it is not of its type. A custom scalar may be any JSON value. */
function leafOf(type: GraphQLLeafType): Write {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }) => [name as unknown, JSON.stringify(name)]));
    return (value) => texts.get(value) ?? 'null';
  }
  switch (type.name) {
    case 'Int':
      return (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= -maxInt && value < maxInt
          ? String(value)
          : 'null';
    case 'Float':
      return (value) => (typeof value === 'number' ? JSON.stringify(value) : 'null');
    case 'Boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : 'null');
    case 'String':
      return (value) => (typeof value === 'string' ? textOf(value) : 'null');
    case 'ID':
      return (value) =>
        typeof value === 'string' || Number.isInteger(value) ? textOf(String(value)) : 'null';
    default:
      return (value) => JSON.stringify(value ?? null) ?? 'null';
  }
}

function conditionOf({ directives }: SelectionNode): Condition | null {
  let condition: Condition | null = null;
  for (const { name, arguments: given } of directives ?? []) {
    const value = given?.find((argument) => argument.name.value === 'if')?.value;
    if (value === undefined || (name.value !== 'skip' && name.value !== 'include')) continue;
    const wanted = name.value === 'include';
    condition = both(condition, (variables) => isTrue(value, variables) === wanted);
  }
  return condition;
}

type Argument = NonNullable<NonNullable<SelectionNode['directives']>[number]['arguments']>[number]['value'];

function isTrue(value: Argument, variables: Variables): boolean {
  if (value.kind === Kind.VARIABLE) return variables[value.name.value] === true;
  return value.kind === Kind.BOOLEAN && value.value;
}

function both(one: Condition | null, other: Condition | null): Condition | null {
  if (one === null || other === null) return one ?? other;
  return (variables) => one(variables) && other(variables);
}

/** Returns the conditions of the selections of a field that come before one of them. */
function conditionsBefore(one: Found, all: readonly Found[]): readonly Condition[] {
  return all.slice(0, all.indexOf(one)).flatMap(({ condition }) => (condition === null ? [] : [condition]));
}

/** A field has the place of its first selection that is there. */
function unless(condition: Condition | null, others: readonly Condition[]): Condition | null {
  if (others.length === 0) return condition;
  return (variables) =>
    (condition === null || condition(variables)) && !others.some((other) => other(variables));
}
