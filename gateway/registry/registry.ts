import type { Collection, Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import type { HeldAgreement, HeldGrant, HeldShare, Reader } from '../../schema/protocol/reader.ts';
import type { Purpose, Tlp } from '../../schema/record/vocabulary.ts';
import { within } from '../../schema/runtime/within.ts';

/** An organisation of the registry: configured, never derived from a mail domain or a country. */
export type OrganisationEntry = {
  readonly _id: string;
  readonly name: string;
  readonly kind: string;
  /** TLP communities that it is registered in. */
  readonly communities: readonly string[];
  readonly memberState: string | null;
  /** `{points, seconds}` where it has a budget of its own. */
  readonly budget?: unknown;
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

/** What a provider or an originator permits one organisation, beyond a record's audience; it ends by itself. */
export type GrantEntry = {
  readonly _id: string;
  readonly by: string;
  readonly to: string;
  readonly until: Date;
};

/** An agreement between organisations, and what it opens at most. */
export type AgreementEntry = {
  readonly _id: string;
  readonly parties: readonly string[];
  readonly from: Date;
  readonly until: Date;
  readonly tlpCeiling: Tlp;
  readonly purposes: readonly Purpose[];
};

/** What the registry knows of a reader at one second. */
export type Membership = Pick<
  Reader,
  | 'organisation'
  | 'communities'
  | 'memberState'
  | 'roles'
  | 'sharingGroups'
  | 'onwardShares'
  | 'grants'
  | 'agreements'
> & {
  /** As the organisation's entry has it, unchecked: undefined for most. */
  readonly budget: unknown;
};

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
  const grants: Collection<GrantEntry> = db.collection('grants');
  const agreements: Collection<AgreementEntry> = db.collection('agreements');
  return {
    findMembership: async (subject, now) =>
      await orUnavailable(async () => {
        const member = await members.findOne({ _id: subject }, { maxTimeMS: deadlineMs });
        if (member === null || (member.until !== null && member.until <= now)) return null;
        const own = member.organisation;
        const [organisation, held, granted, agreed] = await Promise.all([
          organisations.findOne({ _id: own }, { maxTimeMS: deadlineMs }),
          shares.find({ client: own, until: { $gt: now } }, { maxTimeMS: deadlineMs }).toArray(),
          grants.find({ to: own, until: { $gt: now } }, { maxTimeMS: deadlineMs }).toArray(),
          agreements
            .find({ parties: own, from: { $lte: now }, until: { $gt: now } }, { maxTimeMS: deadlineMs })
            .toArray(),
        ]);
        return organisation === null ? null : toMembership(member, organisation, held, granted, agreed);
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
  grants: readonly GrantEntry[],
  agreements: readonly AgreementEntry[],
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
    grants: grants.map(({ _id, by, until }): HeldGrant => ({ id: _id, by, until: until.toISOString() })),
    agreements: agreements.map(({ _id, until, tlpCeiling, purposes }): HeldAgreement => ({
      id: _id,
      until: until.toISOString(),
      tlpCeiling,
      purposes,
    })),
    budget: organisation.budget,
  };
}

async function orUnavailable<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await within(deadlineMs, ask());
  } catch (error) {
    throw new HubError('REGISTRY_UNAVAILABLE', String(error), { cause: error });
  }
}
