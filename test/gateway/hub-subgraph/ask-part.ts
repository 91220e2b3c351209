import { pino } from 'pino';
import type { AccessLog } from '../../../gateway/audit/log.ts';
import { createHubPart, type HubPartSources } from '../../../gateway/hub-subgraph/subgraph.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';

const inForce = readPolicy();
const unasked = () => Promise.reject(new Error('the store was asked'));

function contextOf(reader: Reader, policy: Policy): RequestContext {
  return {
    reader,
    token: { clientId: 'c', id: null },
    budget: undefined,
    correlationId: 'c-1',
    at: new Date('2026-11-24T12:00:00Z'),
    policy,
    deadline: Date.now() + 10_000,
    disclosed: [],
    lost: new Set(),
    told: new Set(),
    setHeaders: () => undefined,
  };
}

/** Asks the hub's own part as the executor does, behind the hub's decision: with a log of one's own, or none. */
export async function askPart(
  reader: Reader,
  query: string,
  { log = {}, policy = inForce }: { readonly log?: Partial<AccessLog>; readonly policy?: Policy } = {},
) {
  const sources: HubPartSources = {
    registry: { findMembership: unasked, findOrganisations: unasked },
    names: () => null as never,
    log: { find: unasked, page: unasked, ...log },
    policyOf: async (version) => await Promise.resolve(version === policy.version ? policy : null),
  };
  const part = createHubPart(sources, pino({ level: 'silent' }));
  const context = contextOf(reader, policy);
  const { data } = await part.process({ request: { query }, context } as never);
  return { data, told: [...context.told], lost: [...context.lost], disclosed: context.disclosed };
}
