import { randomUUID } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import type { GrantRegistry } from '../registry/open-grants.ts';
import type { Proposal } from './proposal.ts';
import { isMade, isRefused } from './release-grants.ts';

/** The proposed releases that an operation settles. */
export type Settling = {
  /** The operation in the registry. */
  readonly attempt: string;
  readonly proposals: readonly Proposal[];
};

/**
 * Keeps the places of the proposed releases that an operation confirms, before it is sent. If the hub ends before it knows the
 * result, the places stay. Throws TOO_MANY_GRANTS, without a change, if one has lost its place and there is no other.
 */
export async function beginConfirmations(
  proposals: readonly Proposal[],
  registry: Pick<GrantRegistry, 'beginConfirmation' | 'endConfirmation'>,
  now: Date,
): Promise<Settling> {
  const settling = { attempt: randomUUID(), proposals };
  const { attempt } = settling;
  try {
    for (const { act, release, grant: entry } of proposals) {
      if (act !== 'confirm' || (await registry.beginConfirmation({ attempt, release, entry }, now))) continue;
      throw new HubError('TOO_MANY_GRANTS', `${entry.by} has too many grants in force`);
    }
  } catch (error) {
    await endConfirmations(settling, registry, false);
    throw error;
  }
  return settling;
}

/**
 * Settles the places of proposed releases by the answer of the operation. Those of refused confirmations end as before, and those
 * of withdrawn releases are free. The place of a confirmation whose result the answer does not show stays. The answer waits for
 * no store that is away: a place that stays opens nothing.
 */
export async function settleProposals(
  settling: Settling,
  data: Readonly<Record<string, unknown>> | null,
  registry: Omit<GrantRegistry, 'keepGrants' | 'dropGrants' | 'beginConfirmation'>,
  now: Date,
): Promise<void> {
  const [made, refused] = [isMade(data), isRefused(data)];
  if (made || refused) await endConfirmations(settling, registry, made);
  for (const { act, release, grant } of settling.proposals) {
    const of = { release, grant: grant._id };
    if (act === 'withdraw' && made) await registry.withdrawGrant(of).catch(() => undefined);
    if (act === 'lapsed') await registry.forgetConfirmations(of, now).catch(() => undefined);
  }
}

async function endConfirmations(
  { attempt, proposals }: Settling,
  registry: Pick<GrantRegistry, 'endConfirmation'>,
  made: boolean,
): Promise<void> {
  for (const { act, grant } of proposals)
    if (act === 'confirm')
      await registry.endConfirmation({ attempt, grant: grant._id }, made).catch(() => undefined);
}
