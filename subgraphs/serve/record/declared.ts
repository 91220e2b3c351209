import mongoose, { type SchemaDefinition } from 'mongoose';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf, type Shape, shapeOfContent } from './contract.ts';

/** A record type whose content is defined by the `<type>Content` input of the community's SDL. */
export function declared(
  community: Community,
  type: string,
  collection: string,
  more: { readonly filters?: readonly string[] } & Pick<
    Kind,
    'sortBy' | 'says' | 'guarded' | 'migrations'
  > = {},
): Kind {
  const { filters = [], ...rest } = more;
  return {
    type,
    collection,
    content: definitionOf(shapeOfContent(contractOf(community), type).fields),
    filters: Object.fromEntries(filters.map((name) => [name, `content.${name}`])),
    ...rest,
  };
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
