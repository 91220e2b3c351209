import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { isMachinery } from '../../schema/policy/check/gaps/subgraph.ts';
import type { ReaderAccess } from '../../schema/policy/decide/policy.ts';

/** What the guard must be told of a request: its reader, under the policy that the request is decided by. */
export type Guarded = { readonly readerAccess: Pick<ReaderAccess, 'mayUse'> };

/**
 * Guards the hub's own part by itself, whatever was decided before the plan: every field is refused to kinds of reader
 * that may never use it, and one that no rule names to all.
 */
export function guardHubPart(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isMachinery(type.name)) continue;
    for (const field of Object.values(type.getFields())) {
      if (isMachinery(field.name)) continue;
      const inner = field.resolve ?? defaultFieldResolver;
      field.resolve = (source, args, context: Guarded, info) => {
        if (!context.readerAccess.mayUse(type.name, field.name)) throw new HubError('REFUSED');
        return inner(source, args, context, info);
      };
    }
  }
  return schema;
}
