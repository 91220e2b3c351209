import type { Collection, Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import type { HeldShare, Reader } from '../../schema/reader.ts';
import { within } from '../audit/deadline.ts';

/** An organisation of the registry: configured, never derived from a mail domain or a country. */
export type OrganisationEntry = {
  readonly _id: string;
  readonly name: string;
  readonly kind: string;
  /** TLP communities that it is registered in. */
  readonly communities: readonly string[];
  readonly memberState: string | null;
};

/** A person's or a machine's place in an organisation. `_id` is the subject of its tokens. */
export type MembershipEntry = {
  readonly _id: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly sharingGroups: readonly string[];
  /** When it ended; null while it lasts. */
  readonly until: Date | null;
};

/** What a recipient passed on to a client of its own (TLP 2.0, AMBER): it ends by itself. */
export type OnwardShareEntry = {
  readonly _id: string;
  readonly by: string;
  readonly client: string;
  readonly need: string;
  readonly until: Date;
};

/** What the registry knows of a reader at one second. */
export type Membership = Pick<
  Reader,
  'organisation' | 'communities' | 'memberState' | 'roles' | 'sharingGroups' | 'onwardShares'
>;

/** The hub's registry: facts of organisations and memberships, asked at each request so that an end cuts at once. */
export type Registry = {
  findMembership(subject: string, now: Date): Promise<Membership | null>;
  findOrganisations(ids: readonly string[]): Promise<readonly OrganisationEntry[]>;
};

const deadlineMs = 1500;

/** Opens the registry in the hub's store. Every method throws REGISTRY_UNAVAILABLE when the store does not answer. */
export function openRegistry(db: Db): Registry {
  const members: Collection<MembershipEntry> = db.collection('memberships');
  const organisations: Collection<OrganisationEntry> = db.collection('organisations');
  const shares: Collection<OnwardShareEntry> = db.collection('onwardShares');
  return {
    findMembership: async (subject, now) =>
      await orUnavailable(async () => {
        const member = await members.findOne({ _id: subject }, { maxTimeMS: deadlineMs });
        if (member === null || (member.until !== null && member.until <= now)) return null;
        const [organisation, held] = await Promise.all([
          organisations.findOne({ _id: member.organisation }, { maxTimeMS: deadlineMs }),
          shares
            .find({ client: member.organisation, until: { $gt: now } }, { maxTimeMS: deadlineMs })
            .toArray(),
        ]);
        return organisation === null ? null : toMembership(member, organisation, held);
      }),
    findOrganisations: async (ids) =>
      await orUnavailable(
        async () => await organisations.find({ _id: { $in: [...ids] } }, { maxTimeMS: deadlineMs }).toArray(),
      ),
  };
}

function toMembership(
  member: MembershipEntry,
  organisation: OrganisationEntry,
  shares: readonly OnwardShareEntry[],
): Membership {
  return {
    organisation: organisation._id,
    communities: organisation.communities,
    memberState: organisation.memberState,
    roles: member.roles,
    sharingGroups: member.sharingGroups,
    onwardShares: shares.map(({ _id, by, until }): HeldShare => ({
      id: _id,
      by,
      until: until.toISOString(),
    })),
  };
}

async function orUnavailable<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await within(deadlineMs, ask());
  } catch (error) {
    throw new HubError('REGISTRY_UNAVAILABLE', String(error), { cause: error });
  }
}
