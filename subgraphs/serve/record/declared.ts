import mongoose, { type SchemaDefinition } from 'mongoose';
import type { Community } from '../../../schema/record/vocabulary.ts';
import { laterMoves, workflowsOf } from '../../../schema/workflow/served.ts';
import type { Kind } from '../kind.ts';
import { searchFieldsOf } from '../search/fields.ts';
import { contractOf, type Shape, shapeOfContent } from './contract.ts';

type Options = {
  /** Fields of content that lists are filtered by. */
  readonly filters?: readonly string[];
  /** List filters that compare a text which only the store keeps, by filter and field: `{ name: 'nameKey' }`. */
  readonly searchKeys?: Readonly<Record<string, string>>;
} & Pick<Kind, 'sortBy' | 'says' | 'timesInOrder' | 'guarded' | 'itemsOfState' | 'migrations'>;

/** Describes a record type by the graph: its input `<type>Content`, or the object type if it is only imported. */
export function declared(
  community: Community,
  type: string,
  collection: string,
  { filters = [], searchKeys = {}, ...rest }: Options = {},
): Kind {
  const { fields } = shapeOfContent(contractOf(community), type);
  for (const path of rest.timesInOrder?.flat() ?? [])
    if (!isTime({ fields }, path.split('.')))
      throw new Error(`timesInOrder of ${type}: ${path} is not a time`);
  const compared = { ...Object.fromEntries(filters.map((name) => [name, name])), ...searchKeys };
  const keys = Object.fromEntries(Object.values(searchKeys).map((field) => [field, 'text'] as const));
  const workflows = workflowsOf(community).get(type);
  return {
    type,
    collection,
    content: definitionOf({ ...fields, ...keys }),
    filters: Object.fromEntries(Object.entries(compared).map(([name, field]) => [name, `content.${field}`])),
    hasMoves: workflows !== undefined,
    hasLaterMoves: workflows !== undefined && laterMoves(workflows).length > 0,
    hasBookings: workflows?.thread?.name === 'booking',
    search: searchFieldsOf(community, { type, ...rest }),
    ...rest,
  };
}

/** Returns whether a path in content leads to a date or to a `Time`. */
function isTime(shape: Shape | undefined, [name, ...rest]: readonly string[]): boolean {
  if (shape === undefined || typeof shape === 'string') return shape === 'date' && name === undefined;
  if ('list' in shape) return isTime(shape.list, name === undefined ? [] : [name, ...rest]);
  return name === undefined ? shape.fields['utc'] === 'date' : isTime(shape.fields[name], rest);
}

function definitionOf(fields: Readonly<Record<string, Shape>>): SchemaDefinition {
  return Object.fromEntries(
    Object.entries(fields).map(([name, shape]) => [name, memberOf(shape)]),
  ) as SchemaDefinition;
}

function memberOf(shape: Shape): unknown {
  if (typeof shape === 'string') return scalars[shape];
  if ('list' in shape) return [memberOf(shape.list)];
  return new mongoose.Schema(definitionOf(shape.fields), { _id: false });
}

const scalars = { text: String, number: Number, boolean: Boolean, date: Date } as const;
