import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { isMachinery } from '../../schema/policy/check/gaps/subgraph.ts';
import type { AnswerRoom } from './answer-room.ts';
import type { ReaderAccess } from '../../schema/policy/decide/policy.ts';

/** The context that the guard needs: the reader's access under the policy of the request, and the room for the answer. */
export type Guarded = {
  readonly readerAccess: Pick<ReaderAccess, 'mayUse'>;
  readonly room: Pick<AnswerRoom, 'take'>;
};

/**
 * Adds a guard to every field of the hub's own subgraph, independent of the decision before the plan. It refuses a
 * field to kinds of reader that may never use it, and to all readers if no rule names the field. It also counts the answer.
 */
export function guardHubSubgraph(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isMachinery(type.name)) continue;
    for (const field of Object.values(type.getFields())) {
      if (isMachinery(field.name)) continue;
      const inner = field.resolve ?? defaultFieldResolver;
      field.resolve = (source, args, context: Guarded, info) => {
        if (!context.readerAccess.mayUse(type.name, field.name)) throw new HubError('REFUSED');
        const value: unknown = inner(source, args, context, info);
        context.room.take(value);
        return value;
      };
    }
  }
  return schema;
}
