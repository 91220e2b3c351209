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
  isRequiredInputField,
  isScalarType,
  parse,
} from 'graphql';
import { dateTime } from '../../../schema/record/date-time.ts';
import { isSharedType, sharedKey, type SharedType } from '../../../schema/record/shared-types.ts';
import { declaredSdl } from '../../../schema/sources.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';

/**
 * A community's SDL as a schema, to check input against it. The SDL alone defines what content may contain; imports,
 * mutations and the store follow it.
 */
export function contractOf(community: Community): GraphQLSchema {
  const known = built.get(community);
  if (known !== undefined) return known;
  // Federation directives are not declared here, and input does not need them.
  const schema = buildASTSchema(parse(declaredSdl(community)), { assumeValidSDL: true });
  const scalar = schema.getType(dateTime.name);
  if (isScalarType(scalar))
    Object.assign(scalar, { parseValue: dateTime.parseValue, parseLiteral: dateTime.parseLiteral });
  built.set(community, schema);
  return schema;
}

const built = new Map<Community, GraphQLSchema>();

/** The input type of a record type's content, `<type>Content`. Throws if the SDL has none. */
export function contentInput(schema: GraphQLSchema, type: string): GraphQLInputObjectType {
  const input = schema.getType(`${type}Content`);
  if (!isInputObjectType(input)) throw new Error(`the SDL has no input ${type}Content`);
  return input;
}

/** Whether a record type can be edited by hand, which is the case if the SDL has its `<type>Content`. */
export function isWrittenByHand(schema: GraphQLSchema, type: string): boolean {
  return isInputObjectType(schema.getType(`${type}Content`));
}

/** Returns the names of the fields that every record of a type has a value for. */
export function requiredFields(schema: GraphQLSchema, type: string): readonly string[] {
  const fields = Object.values(contentInput(schema, type).getFields());
  return fields.filter((field) => isRequiredInputField(field)).map(({ name }) => name);
}

/** A value in content that names something else: a shared entity by its key, or a record of the same community. */
export type Reference =
  | {
      readonly to: 'shared';
      readonly type: SharedType;
      readonly path: readonly string[];
      readonly text: string;
    }
  | { readonly to: 'record'; readonly type: string; readonly path: readonly string[]; readonly text: string };

/**
 * Returns content with each reference replaced by the result of `map`. Null removes it from its list. Lists keep their
 * order.
 */
export function mapReferences(
  schema: GraphQLSchema,
  type: string,
  content: Readonly<Record<string, unknown>>,
  map: (reference: Reference) => string | null,
): Readonly<Record<string, unknown>> {
  const root = schema.getType(type);
  if (!isObjectType(root)) throw new Error(`the SDL has no type ${type}`);
  return mapObject(schema, root, content, [], map);
}

/** The keys that content names, for join rows. */
export type Named = {
  /** Keys of shared entities, each once. */
  readonly names: readonly string[];
  /** Ids of records of the same community, each once. An import writes these join rows from its own references. */
  readonly records: readonly string[];
  /**
   * Keys of shared entities and records that only guarded fields or portions name. They get no join row: the list under
   * such a key would reveal the field's value to every reader of the record.
   */
  readonly unlisted: ReadonlySet<string>;
};

/** Finds the keys that content names, and which of them only guarded fields or portions name. */
export function namedIn(
  schema: GraphQLSchema,
  { type, guarded = [] }: Pick<Kind, 'type' | 'guarded'>,
  content: Readonly<Record<string, unknown>>,
  portions: readonly { readonly path: string }[],
): Named {
  const marked = new Set([...guarded, ...portions.map(({ path }) => path)]);
  const open = { shared: new Set<string>(), records: new Set<string>() };
  const hidden = new Set<string>();
  mapReferences(schema, type, content, ({ to, type: named, path, text }) => {
    // Imported content keeps an id in the feed's spelling.
    const key = to === 'shared' ? (sharedKey(named, text) ?? text) : text;
    // A field for a record must not give a join row of a shared key.
    if (to === 'record' && !text.startsWith(`${named}:`)) return text;
    if (marked.has(path[0] ?? '')) hidden.add(key);
    else (to === 'shared' ? open.shared : open.records).add(key);
    return text;
  });
  const unlisted = new Set([...hidden].filter((key) => !open.shared.has(key) && !open.records.has(key)));
  return { names: [...open.shared], records: [...open.records], unlisted };
}

function mapObject(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  content: Readonly<Record<string, unknown>>,
  path: readonly string[],
  map: (reference: Reference) => string | null,
): Readonly<Record<string, unknown>> {
  const fields = type.getFields();
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => {
      const named = fields[name] === undefined ? undefined : getNamedType(fields[name].type);
      if (!isObjectType(named)) return [name, value];
      const one = (inner: unknown): unknown => mapValue(schema, named, inner, [...path, name], map);
      return [name, Array.isArray(value) ? value.map(one).filter((inner) => inner !== null) : one(value)];
    }),
  );
}

function mapValue(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  value: unknown,
  path: readonly string[],
  map: (reference: Reference) => string | null,
): unknown {
  if (typeof value === 'string') {
    if (isSharedType(type.name)) return map({ to: 'shared', type: type.name, path, text: value });
    return map({ to: 'record', type: type.name, path, text: value });
  }
  if (typeof value !== 'object' || value === null) return value;
  return mapObject(schema, type, value as Readonly<Record<string, unknown>>, path, map);
}

/** The stored shape of an input type, independent of mongoose. */
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
