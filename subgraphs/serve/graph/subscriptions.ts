import {
  type DefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
} from 'graphql';
import { HubError } from '../../../schema/errors.ts';

/** The root field of a subscription in a community's schema: it has no stream there. */
type Closed = { readonly subscribe: () => never; readonly resolve: () => never };

/**
 * Returns the resolvers with one for every field of `Subscription` in a subgraph's SDL that has none. Each refuses: the
 * hub follows the changes of the store (`POST /changes`) and reads the records of an event with queries, so no operation
 * of a client subscribes here.
 */
export function closeSubscriptions(
  sdl: string,
  resolvers: object & { readonly Subscription?: object },
): object {
  const fields = parse(sdl).definitions.flatMap((one) =>
    isSubscription(one) ? (one.fields ?? []).map(({ name }) => [name.value, closed] as const) : [],
  );
  return { ...resolvers, Subscription: { ...Object.fromEntries(fields), ...resolvers.Subscription } };
}

function isSubscription(one: DefinitionNode): one is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  const isType = one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION;
  return isType && one.name.value === 'Subscription';
}

const refuse = (): never => {
  throw new HubError('REFUSED', 'a subgraph has no stream of events on /graphql');
};
const closed: Closed = { subscribe: refuse, resolve: refuse };
