import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { dateTime } from '../../../schema/record/date-time.ts';
import { findSubgraphGaps } from '../../../schema/policy/check/coverage.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { subgraphSdl } from '../../../schema/sources.ts';
import { answerReferences } from './answer.ts';
import type { CommunityPart } from './community.ts';
import { guardFields } from './guard.ts';
import { noticeLookup } from './inbox.ts';
import { withReferences } from './references.ts';
import { envelopeResolvers } from './resolvers.ts';
import { shieldRootFields } from './shield.ts';
import { closeSubscriptions } from './subscriptions.ts';

/**
 * Builds a community's executable schema from its SDL and resolvers, with guarded fields and shielded root fields.
 * Throws at start, with every finding, if the policy does not cover a field, an argument or a reference.
 */
export function buildCommunitySchema(
  { name, resolvers: own }: Pick<CommunityPart, 'name' | 'resolvers'>,
  policy: Policy,
  sdl: string = subgraphSdl(name),
): GraphQLSchema {
  const gaps = findSubgraphGaps(policy, name, sdl);
  if (gaps.length > 0) throw new Error(`the policy does not cover ${name}:\n  ${gaps.join('\n  ')}`);
  const whole = { ...own, Query: { ...own['Query'], ...noticeLookup(name) } };
  const decided = withReferences(name, sdl, whole, policy);
  const named = { ...envelopeResolvers, DateTime: dateTime, ...withoutReferences(decided) };
  const resolvers = closeSubscriptions(sdl, named);
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
  return shieldRootFields(guardFields(answerReferences(schema, policy), policy));
}

/** The federation library calls `__resolveReference(reference, context)`; a `Resolver` takes the context as third. */
function withoutReferences(resolvers: CommunityPart['resolvers']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resolvers).map(([type, { __resolveReference: refer, ...fields }]) => [
      type,
      refer === undefined
        ? fields
        : {
            ...fields,
            __resolveReference: (reference: never, context: never) => refer(reference, {} as never, context),
          },
    ]),
  );
}
