import { getNamedType, type GraphQLSchema, isEnumType, isObjectType } from 'graphql';
import { enumValue, slugOf } from '../../../schema/workflow/graph/names.ts';
import type { ValueFile } from '../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';

type Values = Readonly<Record<string, unknown>>;

/** Returns the values of a move as the declaration writes them: choices by their words instead of by enumerations. */
export function fromGraph(of: Workflow, move: string, values: Values): Values {
  const { to } = values;
  const stated = mapChoices(of.moves[move]?.input ?? {}, values, slugOf);
  return typeof to === 'string' ? { ...stated, to: slugOf(to) } : stated;
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

/** Returns whether the field `state` of a kind can show each state in which its workflow stores a record. */
export function showsStates(
  schema: GraphQLSchema,
  kind: string,
  { states }: Pick<Workflow, 'states'>,
): boolean {
  const type = typeOf(schema, kind, 'state');
  if (!isEnumType(type)) return false;
  const stored = Object.entries(states).filter(([, { computed }]) => computed === undefined);
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
