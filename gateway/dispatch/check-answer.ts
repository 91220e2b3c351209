import {
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  TypeNameMetaFieldDef,
} from 'graphql';
import { type AskedObject, type AskedQuery, isRecord, nullable } from './asked.ts';

type Data = Readonly<Record<string, unknown>>;

/** The types of the representations that were sent, by the response key of their entities. */
export type RepresentedTypes = ReadonlyMap<string, readonly string[]>;

/** The checked data of an answer, with the ids of the records in it, each with its type. */
export type CheckedAnswer = {
  readonly data: Record<string, unknown> | null;
  readonly rows: ReadonlyMap<string, string>;
};

/**
 * Checks a subgraph's data against the query: lists where lists are, objects where objects are, each leaf by its type,
 * no null where none may be, one entity for each representation. Throws at the first fault, with its path. Returns a
 * copy of the requested fields only: the executor merges everything, so a subgraph could otherwise forge data of
 * another community, and a wrong shape would fail the whole answer.
 */
export function checkAnswer(data: Data | null, asked: AskedQuery, types: RepresentedTypes): CheckedAnswer {
  if (data === null) return { data: null, rows: new Map() };
  const check = new Check(asked);
  return { data: check.root(data, types), rows: check.rows };
}

class Check {
  readonly rows = new Map<string, string>();
  readonly #asked: AskedQuery;
  readonly #path: (string | number)[] = [];

  constructor(asked: AskedQuery) {
    this.#asked = asked;
  }

  root(data: Data, types: RepresentedTypes): Record<string, unknown> {
    const { root, asked, entities } = this.#asked;
    const kept = this.#object(data, asked, root);
    for (const [key, below] of entities)
      kept[key] = this.#at(key, () => this.#entities(data[key], below, types.get(key) ?? []));
    return kept;
  }

  #entities(value: unknown, below: AskedObject, types: readonly string[]): unknown {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value)) throw this.#fault('a list of entities', value);
    if (value.length !== types.length) throw this.#fault(`${types.length} entities`, value);
    return value.map((one: unknown, at) =>
      this.#at(at, () => {
        const type = this.#asked.schema.getType(types[at] ?? '');
        if (!isObjectType(type)) throw this.#fault('an entity of the schema', types[at]);
        return one === null || one === undefined ? null : this.#object(one, below, type);
      }),
    );
  }

  #value(value: unknown, type: GraphQLOutputType, below: AskedObject | null): unknown {
    if (value === null || value === undefined) {
      if (isNonNullType(type)) throw this.#fault(String(type), value);
      return null;
    }
    const inner = nullable(type);
    if (isListType(inner)) {
      if (!Array.isArray(value)) throw this.#fault(String(type), value);
      const of = inner.ofType as GraphQLOutputType;
      return value.map((one: unknown, at) => this.#at(at, () => this.#value(one, of, below)));
    }
    if (isLeafType(inner)) {
      if (!isOf(inner, value)) throw this.#fault(inner.name, value);
      return value;
    }
    const object = isObjectType(inner) ? inner : this.#typeOf(value, String(inner));
    return this.#object(value, below ?? nothing, object);
  }

  #object(value: unknown, asked: AskedObject, type: GraphQLObjectType): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#fault(type.name, value);
    const given = value as Data;
    const kept: Record<string, unknown> = {};
    for (const { key, type: of, isConditional, below } of asked.fieldsOf(type)) {
      const has = Object.hasOwn(given, key);
      if (!has && isConditional) continue;
      const checked = this.#at(key, () =>
        of === TypeNameMetaFieldDef.type
          ? this.#typeName(given[key], type)
          : this.#value(has ? given[key] : null, of, below),
      );
      if (key !== this.#asked.rowKey) kept[key] = checked;
      else if (isRecord(type)) this.rows.set(String(checked), type.name);
    }
    return kept;
  }

  /** A community must not pass an object off as one of another type, about which others would then be asked. */
  #typeName(value: unknown, type: GraphQLObjectType): string {
    if (value !== type.name) throw this.#fault(type.name, value);
    return type.name;
  }

  /** The type of an object in place of an interface or a union, for which the planner asks `__typename`. */
  #typeOf(value: unknown, expected: string): GraphQLObjectType {
    const type = this.#asked.schema.getType(String((value as Data | null)?.['__typename']));
    if (!isObjectType(type)) throw this.#fault(`${expected} with its __typename`, value);
    return type;
  }

  #at<Result>(step: string | number, read: () => Result): Result {
    this.#path.push(step);
    const result = read();
    this.#path.pop();
    return result;
  }

  #fault(expected: string, got: unknown): Error {
    const shown = Array.isArray(got) ? `a list of ${got.length}` : got === null ? 'null' : typeof got;
    return new Error(`data.${this.#path.join('.')}: expected ${expected}, got ${shown}`);
  }
}

const nothing: AskedObject = { fieldsOf: () => [] };
const maxInt = 2 ** 31;

/** Returns whether a JSON value can be of a leaf type. A custom scalar is any string, number or boolean. */
function isOf(type: GraphQLLeafType, value: unknown): boolean {
  if (isEnumType(type)) return typeof value === 'string' && type.getValue(value) !== undefined;
  switch (type.name) {
    case 'Int':
      return Number.isInteger(value) && (value as number) >= -maxInt && (value as number) < maxInt;
    case 'Float':
      return typeof value === 'number';
    case 'Boolean':
      return typeof value === 'boolean';
    case 'String':
    case 'ID':
    case 'DateTime':
      return typeof value === 'string';
    default:
      return ['string', 'number', 'boolean'].includes(typeof value);
  }
}
