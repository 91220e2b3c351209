import { pino } from 'pino';
import type { AccessLog } from '../../../gateway/audit/log.ts';
import type { Names } from '../../../gateway/registry/names.ts';
import type { Registry } from '../../../gateway/registry/registry.ts';
import { createHubSubgraph, type HubSubgraphSources } from '../../../gateway/hub-subgraph/subgraph.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { queryOf } from '../../helpers/part-query.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';

const inForce = readPolicy();
const unasked = () => Promise.reject(new Error('the store was asked'));

function contextOf(reader: Reader, policy: Policy): RequestContext {
  return {
    reader,
    token: { clientId: 'c', id: null },
    expiresAt: new Date('2027-01-01T00:00:00Z'),
    budget: undefined,
    correlationId: 'c-1',
    at: new Date('2026-11-24T12:00:00Z'),
    policy,
    deadline: Date.now() + 10_000,
    signal: new AbortController().signal,
    setHeaders: () => undefined,
    observed: new Observed(),
  };
}

/** Queries the hub's own subgraph as the executor does, without the gateway's decision. */
export async function askHubSubgraph(
  reader: Reader,
  query: string,
  {
    log = {},
    policy = inForce,
    registry = {},
    names,
  }: {
    readonly log?: Partial<AccessLog>;
    readonly policy?: Policy;
    readonly registry?: Partial<Registry>;
    readonly names?: Names;
  } = {},
) {
  const sources: HubSubgraphSources = {
    registry: {
      findMembership: unasked,
      findOrganisations: unasked,
      listOrganisations: unasked,
      findRecipients: unasked,
      findShares: unasked,
      keepGrants: unasked,
      dropGrants: unasked,
      beginConfirmation: unasked,
      endConfirmation: unasked,
      forgetConfirmations: unasked,
      withdrawGrant: unasked,
      findMembersOf: unasked,
      ...registry,
    },
    names: () => names as never,
    log: { find: unasked, page: unasked, ...log },
    policyOf: async (version) => await Promise.resolve(version === policy.version ? policy : null),
  };
  const subgraph = createHubSubgraph(sources, pino({ level: 'silent' }));
  const collected = createCollected();
  const context = { request: contextOf(reader, policy), collected };
  const { data } = await subgraph(queryOf(query), context);
  const { disclosed, errorCodes, failedSubgraphs } = collected;
  return { data, errorCodes: [...errorCodes], failedSubgraphs: [...failedSubgraphs], disclosed };
}
