import { getNamedType, type GraphQLSchema, isEnumType, isObjectType } from 'graphql';
import { organisationKey } from '../../../schema/record/keys.ts';
import { organisationIn, sharedKey } from '../../../schema/record/shared-types.ts';
import { enumValue, slugOf } from '../../../schema/workflow/graph/names.ts';
import type { ValueFile } from '../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { stateFieldOf } from '../../../schema/workflow/served.ts';
import { Refused } from '../changes/refused.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Returns the values of a move as the declaration writes them: choices by their words instead of by enumerations,
 * organisations by their registry ids, each once, and a Member State by its code. Throws Refused for another name.
 */
export function fromGraph(of: Workflow, move: string, values: Values): Values {
  const { to } = values;
  const declared = of.moves[move]?.input ?? {};
  const named = Object.entries(values).map(([name, value]) => [name, nameIn(name, declared[name], value)]);
  const stated = mapChoices(declared, Object.fromEntries(named), slugOf);
  return typeof to === 'string' ? { ...stated, to: slugOf(to) } : stated;
}

/** Two spellings of one organisation must not be two members: the removal of one would leave the other. */
function nameIn(name: string, declared: ValueFile | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  const invalid = (expected: string): Refused => new Refused('INVALID', [name], `expected ${expected}`);
  const organisation = (one: unknown): string => {
    // A party of an agreement is an object that names the organisation.
    const id = organisationIn(
      typeof one === 'object' && one !== null ? Reflect.get(one, 'organisation') : one,
    );
    if (id === null) throw invalid('a registry id, such as cert-eu');
    return id;
  };
  if (declared?.type === 'organisation') return organisation(value);
  if (declared?.type === 'organisations') return [...new Set([value].flat().map(organisation))];
  if (declared?.type !== 'member-state' && declared?.type !== 'member-states') return value;
  const memberState = (one: unknown): string => {
    const state = typeof one === 'string' ? sharedKey('MemberState', one) : null;
    if (state === null) throw invalid('a Member State, such as FR');
    return state.slice('MemberState:'.length);
  };
  if (declared.type === 'member-state') return memberState(value);
  return [...new Set([value].flat().map(memberState))];
}

/** Returns the facts of a workflow as the graph shows them. */
export function toGraph(of: Pick<Workflow, 'facts'>, facts: Values): Values {
  return mapChoices(of.facts, facts, enumValue);
}

/** A value that a move stated, as the graph shows it: one text, or several for a list. */
export type ShownValue = { readonly name: string; readonly values: readonly string[] };

/** Returns the values that a move stated, in the order of its declaration. `isShown` decides on each by its name. */
export function shownValues(
  of: Pick<Workflow, 'moves'>,
  move: string,
  stated: Values,
  isShown: (name: string) => boolean,
): readonly ShownValue[] {
  const names = ['to', ...Object.keys(of.moves[move]?.input ?? {})];
  return names.flatMap((name) => {
    const value = stated[name] ?? null;
    if (value === null || !isShown(name)) return [];
    return [{ name, values: [value].flat().map(textOf) }];
  });
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns whether a field of a kind holds values of a move as they are stated: texts, numbers and times. */
export function holdsAsStated(
  schema: GraphQLSchema,
  kind: string,
  field: string,
  { type }: Pick<ValueFile, 'type'>,
): boolean {
  return scalars[type]?.includes(typeOf(schema, kind, field)?.name ?? '') === true;
}

const scalars: Partial<Record<ValueFile['type'], readonly string[]>> = {
  text: ['String'],
  items: ['String'],
  instant: ['DateTime'],
  boolean: ['Boolean'],
  number: ['Int', 'Float'],
};

/**
 * Returns the facts of a workflow that fields of the record show as well, as content has them: organisations by their
 * keys, and choices as enumerations. Other facts without a value change no field.
 */
export function fieldsOfFacts(
  schema: GraphQLSchema,
  kind: string,
  { facts: declared }: Pick<Workflow, 'facts'>,
  facts: Values,
): Values {
  const shown = Object.entries(declared).flatMap(([name, { type }]): [string, unknown][] => {
    const value = facts[name];
    const field = typeOf(schema, kind, name);
    // A list that a move emptied empties the field too.
    if (type === 'organisations' && field?.name === 'Organisation' && name in facts)
      return [[name, Array.isArray(value) ? value.map(organisationKey) : null]];
    if (typeof value !== 'string') return [];
    if (type === 'organisation' && field?.name === 'Organisation') return [[name, organisationKey(value)]];
    const isShown = type === 'choice' && isEnumType(field) && field.getValue(enumValue(value)) !== undefined;
    return isShown ? [[name, enumValue(value)]] : [];
  });
  return Object.fromEntries(shown);
}

/** Returns whether the state field of a kind can show each state in which its workflow stores a record. */
export function showsStates(
  schema: GraphQLSchema,
  kind: string,
  of: Pick<Workflow, 'states' | 'stateField'>,
): boolean {
  const type = typeOf(schema, kind, stateFieldOf(of));
  if (!isEnumType(type)) return false;
  const stored = Object.entries(of.states).filter(([, { computed }]) => computed === undefined);
  return stored.every(([state]) => type.getValue(enumValue(state)) !== undefined);
}

function typeOf(schema: GraphQLSchema, kind: string, field: string) {
  const type = schema.getType(kind);
  const found = isObjectType(type) ? type.getFields()[field] : undefined;
  return found === undefined ? undefined : getNamedType(found.type);
}

function mapChoices(
  declared: Readonly<Record<string, ValueFile>>,
  values: Values,
  map: (value: string) => string,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      declared[name]?.type === 'choice' && typeof value === 'string' ? map(value) : value,
    ]),
  );
}
