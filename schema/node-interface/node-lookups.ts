import { getNullableType, type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';
import { parseIndicatorKey } from '../record/keys.ts';
import { isSharedType, sharedKey, type SharedType } from '../record/shared-types.ts';

/** The root field that reads an object of one type by its id. */
export type NodeLookup = {
  readonly type: string;
  readonly field: string;
  /** The types of its arguments, as they are written in a document. */
  readonly argumentTypes: Readonly<Record<string, string>>;
  /** Returns the values of its arguments for an id of this type; null if the id is malformed. */
  readonly argumentsOf: (id: string) => Readonly<Record<string, string>> | null;
};

/** The root fields that read an object by its id, by its type. */
export type NodeLookups = ReadonlyMap<string, NodeLookup>;

/**
 * Returns the root fields that read an object by its id. A record has a field with the one argument `id: ID!`; the shared
 * entities have fields by their natural keys. A type that the schema has no such field for cannot be read by its id.
 */
export function nodeLookupsOf(schema: GraphQLSchema): NodeLookups {
  const found = new Map<string, NodeLookup>();
  for (const { name, type, args } of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const object = getNullableType(type);
    if (!isObjectType(object) || !hasId(object)) continue;
    const isShared = isSharedType(object.name);
    // The ids of other objects, such as notices, do not say their type.
    if (!isShared && object.getFields()['envelope'] === undefined) continue;
    const lookup = isShared ? entityLookups[object.name as SharedType] : recordLookup;
    const types = Object.fromEntries(args.map((argument) => [argument.name, String(argument.type)]));
    const { field = name, argumentTypes, argumentsOf } = lookup;
    if (field !== name || !isEqual(types, argumentTypes)) continue;
    found.set(object.name, { type: object.name, field, argumentTypes, argumentsOf });
  }
  return found;
}

/** Returns the look-up of the type that an id begins with, and the values of its arguments; null if there is none. */
export function lookupOfId(
  id: string,
  lookups: NodeLookups,
): { readonly lookup: NodeLookup; readonly values: Readonly<Record<string, string>> } | null {
  const lookup = lookups.get(id.slice(0, Math.max(0, id.indexOf(':'))));
  const values = lookup?.argumentsOf(id) ?? null;
  return lookup === undefined || values === null ? null : { lookup, values };
}

type Shape = Pick<NodeLookup, 'argumentTypes' | 'argumentsOf'> & { readonly field?: string };

const recordLookup: Shape = { argumentTypes: { id: 'ID!' }, argumentsOf: (id) => ({ id }) };

/** The look-ups of the shared entities, which take the natural key in different forms. */
const entityLookups: Readonly<Record<SharedType, Shape>> = {
  Vulnerability: entityLookup('Vulnerability', 'id'),
  ThreatActor: {
    field: 'threatActor',
    argumentTypes: { name: 'String!' },
    argumentsOf: (id) => (sharedKey('ThreatActor', id) === id ? { name: id } : null),
  },
  Indicator: {
    field: 'indicator',
    argumentTypes: { type: 'IndicatorType', value: 'String!' },
    argumentsOf: (id) => (sharedKey('Indicator', id) === id ? parseIndicatorKey(id) : null),
  },
  Organisation: entityLookup('Organisation', 'id'),
  MemberState: entityLookup('MemberState', 'code'),
  JointCase: entityLookup('JointCase', 'id'),
};

function entityLookup(type: SharedType, argument: string): Shape {
  return {
    field: `${type.charAt(0).toLowerCase()}${type.slice(1)}`,
    argumentTypes: { [argument]: 'String!' },
    argumentsOf: (id) => (sharedKey(type, id) === id ? { [argument]: id.slice(type.length + 1) } : null),
  };
}

function hasId(type: GraphQLObjectType): boolean {
  return String(type.getFields()['id']?.type) === 'ID!';
}

function isEqual(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
