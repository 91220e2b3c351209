import {
  buildASTSchema,
  getNamedType,
  type GraphQLFieldMap,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
} from 'graphql';
import { dateTime } from '../../../schema/record/date-time.ts';
import { isSharedType, sharedKey, type SharedType } from '../../../schema/record/shared-types.ts';
import { subgraphSdl } from '../../../schema/sources.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';

/**
 * A community's file of the contract as types, for what is taken in rather than answered: what content may hold is
 * said there once, and files, changes and the store are held to it.
 */
export function contractOf(community: Community): GraphQLSchema {
  const known = built.get(community);
  if (known !== undefined) return known;
  // The federation's own directives are not needed to take values in.
  const schema = buildASTSchema(parse(subgraphSdl(community)), { assumeValidSDL: true });
  const scalar = schema.getType(dateTime.name);
  if (isScalarType(scalar))
    Object.assign(scalar, { parseValue: dateTime.parseValue, parseLiteral: dateTime.parseLiteral });
  built.set(community, schema);
  return schema;
}

const built = new Map<Community, GraphQLSchema>();

/** The input that says what a record type's content may hold. Throws where the contract has none. */
export function contentInput(schema: GraphQLSchema, type: string): GraphQLInputObjectType {
  const input = schema.getType(`${type}Content`);
  if (!isInputObjectType(input)) throw new Error(`the contract has no input ${type}Content`);
  return input;
}

/** Whether the contract says by an input what a record type holds, so that it can be written by hand. */
export function isWrittenByHand(schema: GraphQLSchema, type: string): boolean {
  return isInputObjectType(schema.getType(`${type}Content`));
}

/** A place in content that names something else: a shared type's key, or a record of the same community. */
export type Reference =
  | {
      readonly to: 'shared';
      readonly type: SharedType;
      readonly path: readonly string[];
      readonly text: string;
    }
  | { readonly to: 'record'; readonly type: string; readonly path: readonly string[]; readonly text: string };

/**
 * Content with every reference put through `turn`, which gives the key to keep, or null to leave it out. Lists keep
 * their order.
 */
export function turnReferences(
  schema: GraphQLSchema,
  type: string,
  content: Readonly<Record<string, unknown>>,
  turn: (reference: Reference) => string | null,
): Readonly<Record<string, unknown>> {
  const root = schema.getType(type);
  if (!isObjectType(root)) throw new Error(`the contract has no type ${type}`);
  return turnObject(schema, root, content, [], turn);
}

/** What content names, as keys that join rows bear. */
export type Named = {
  /** Of what is shared: each once. */
  readonly names: readonly string[];
  /**
   * Shared things and records that only fields name which are marked by themselves: without a join row, since a list
   * under such a key would say to whoever sees the record what the field says.
   */
  readonly unlisted: ReadonlySet<string>;
};

/** What content names, by the fields that are read as the record is and by those that are marked by themselves. */
export function namedIn(
  schema: GraphQLSchema,
  { type, guarded = [] }: Pick<Kind, 'type' | 'guarded'>,
  content: Readonly<Record<string, unknown>>,
  portions: readonly { readonly path: string }[],
): Named {
  const marked = new Set([...guarded, ...portions.map(({ path }) => path)]);
  const open = { shared: new Set<string>(), records: new Set<string>() };
  const apart = new Set<string>();
  turnReferences(schema, type, content, ({ to, type: named, path, text }) => {
    // Content of feeds keeps an id as the feed writes it.
    const key = to === 'shared' ? (sharedKey(named, text) ?? text) : text;
    if (marked.has(path[0] ?? '')) apart.add(key);
    else (to === 'shared' ? open.shared : open.records).add(key);
    return text;
  });
  const unlisted = new Set([...apart].filter((key) => !open.shared.has(key) && !open.records.has(key)));
  return { names: [...open.shared], unlisted };
}

function turnObject(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  content: Readonly<Record<string, unknown>>,
  path: readonly string[],
  turn: (reference: Reference) => string | null,
): Readonly<Record<string, unknown>> {
  const fields = type.getFields();
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => {
      const named = fields[name] === undefined ? undefined : getNamedType(fields[name].type);
      if (!isObjectType(named)) return [name, value];
      const one = (inner: unknown): unknown => turnValue(schema, named, inner, [...path, name], turn);
      return [name, Array.isArray(value) ? value.map(one).filter((inner) => inner !== null) : one(value)];
    }),
  );
}

function turnValue(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  value: unknown,
  path: readonly string[],
  turn: (reference: Reference) => string | null,
): unknown {
  if (typeof value === 'string') {
    if (isSharedType(type.name)) return turn({ to: 'shared', type: type.name, path, text: value });
    return turn({ to: 'record', type: type.name, path, text: value });
  }
  if (typeof value !== 'object' || value === null) return value;
  return turnObject(schema, type, value as Readonly<Record<string, unknown>>, path, turn);
}

/** The shape of a stored value, in terms that `declared` translates for mongoose. */
export type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | 'date'
  | { readonly fields: Readonly<Record<string, Shape>> }
  | { readonly list: Shape };

/**
 * The shape of a record type's content. It follows the input `<type>Content`; a type that is only imported has none, so
 * its shape follows the object type.
 */
export function shapeOfContent(
  schema: GraphQLSchema,
  type: string,
): { readonly fields: Readonly<Record<string, Shape>> } {
  const object = schema.getType(type);
  if (isWrittenByHand(schema, type) || !isObjectType(object))
    return shapeOfFields(contentInput(schema, type).getFields());
  return shapeOfFields(contentFields(object));
}

/** The fields of a record type that are stored: not its id, its envelope, or lists of other records. */
function contentFields(record: GraphQLObjectType): GraphQLFieldMap<unknown, unknown> {
  const { id: _id, envelope: _envelope, ...fields } = record.getFields();
  return Object.fromEntries(Object.entries(fields).filter(([, { args }]) => args.length === 0));
}

function shapeOfFields(fields: Readonly<Record<string, { readonly type: GraphQLType }>>): {
  readonly fields: Readonly<Record<string, Shape>>;
} {
  return {
    fields: Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, shapeOf(type)])),
  };
}

function shapeOf(type: GraphQLType): Shape {
  if (isNonNullType(type)) return shapeOf(type.ofType);
  if (isListType(type)) return { list: shapeOf(type.ofType) };
  // An object with an id is stored as its key.
  if (isInputObjectType(type) || (isObjectType(type) && !Object.hasOwn(type.getFields(), 'id')))
    return shapeOfFields(type.getFields());
  return scalarShapes[type.name] ?? 'text';
}

const scalarShapes: Readonly<Record<string, Shape>> = {
  Int: 'number',
  Float: 'number',
  Boolean: 'boolean',
  DateTime: 'date',
};
