import type { Collection, Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import type { HeldAgreement, HeldGrant, HeldShare, Reader } from '../../schema/protocol/reader.ts';
import type { Purpose, Tlp } from '../../schema/record/vocabulary.ts';
import { within } from '../../schema/runtime/within.ts';

/** An organisation of the registry. It is configured, never derived from a mail domain or a country. */
export type OrganisationEntry = {
  readonly _id: string;
  readonly name: string;
  readonly kind: string;
  /** The TLP communities in which it is registered. */
  readonly communities: readonly string[];
  readonly memberState: string | null;
  /** `{points, seconds}` if the organisation has its own budget. */
  readonly budget?: unknown;
};

/** The membership of a person or a machine in an organisation. `_id` is the subject of its tokens. */
export type MembershipEntry = {
  readonly _id: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly sharingGroups: readonly string[];
  /** When it ends; null if it is open-ended. */
  readonly until: Date | null;
};

/** A recipient's onward share to one of its clients (TLP 2.0, AMBER), valid until `until`. */
export type OnwardShareEntry = {
  readonly _id: string;
  readonly by: string;
  readonly client: string;
  readonly need: string;
  readonly until: Date;
};

/** A grant of a provider or an originator to one organisation, beyond a record's audience, valid until `until`. */
export type GrantEntry = {
  readonly _id: string;
  readonly by: string;
  readonly to: string;
  readonly until: Date;
};

/** An agreement between organisations: the highest TLP that it covers, and its purposes. */
export type AgreementEntry = {
  readonly _id: string;
  readonly parties: readonly string[];
  readonly from: Date;
  readonly until: Date;
  readonly tlpCeiling: Tlp;
  readonly purposes: readonly Purpose[];
};

/** The facts of the registry about a reader at one point in time. */
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
  /** The organisation's budget as stored, not validated; usually undefined. */
  readonly budget: unknown;
};

/** The registry of organisations and memberships. It is read at each request, so that an ended right has effect at once. */
export type Registry = {
  /** Returns the current membership of a subject; null if there is none. */
  findMembership(subject: string, now: Date): Promise<Membership | null>;
  findOrganisations(ids: readonly string[]): Promise<readonly OrganisationEntry[]>;
};

const deadlineMs = 1500;

/** Opens the registry in the hub's store. Every method throws REGISTRY_UNAVAILABLE if the store does not answer. */
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

/** Joins the registry's entries about one member. */
export function toMembership(
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
