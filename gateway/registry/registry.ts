import type { Collection, Db, Document, Filter } from 'mongodb';
import {
  type HeldAgreement,
  type HeldGrant,
  type HeldShare,
  maxOffices,
  type Reader,
} from '../../schema/protocol/reader.ts';
import { type Purpose, purposes, type Tlp, tlpScale } from '../../schema/record/vocabulary.ts';
import { GroupedReads } from '../../schema/runtime/grouped-reads.ts';
import { within } from '../../schema/runtime/within.ts';
import { grantOrder, hasNotLapsed, maxGrants, type ReadGrant, readGrantFields } from './grants.ts';
import { type OfficeEntry, officeNames, officesOf } from './offices.ts';
import { type GrantRegistry, openGrants } from './open-grants.ts';
import { orUnavailable } from './or-unavailable.ts';

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

/**
 * An agreement between organisations: the highest TLP that it covers, and its purposes. An entry with a `record` gives
 * rights only while that agreement of the joint unit is in force: both must hold.
 */
export type AgreementEntry = {
  readonly _id: string;
  readonly parties: readonly string[];
  readonly from: Date;
  readonly until: Date;
  readonly tlpCeiling: Tlp;
  readonly purposes: readonly Purpose[];
  /** The id of the agreement's record at the joint unit, where the parties sign, suspend and end it. */
  readonly record?: string;
  /** The state of that record as the hub last read it, its version, and the end date of the agreement. */
  readonly state?: string;
  readonly version?: number;
  readonly endsAt?: Date | null;
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
  | 'offices'
> & {
  /** The organisation's budget as stored, not validated; usually undefined. */
  readonly budget: unknown;
};

/** The lists of names in an audience. */
export const recipientLists = ['organisations', 'sharingGroups', 'persons', 'agreements'] as const;
/** Names of an audience, by list. */
export type Recipients = Readonly<Record<(typeof recipientLists)[number], readonly string[]>>;

/** The registry of organisations and memberships. It is read at each request, so that an ended right has effect at once. */
export type Registry = GrantRegistry & {
  /** Returns the current membership of a subject; null if there is none. */
  findMembership(subject: string, now: Date): Promise<Membership | null>;
  findOrganisations(ids: readonly string[]): Promise<readonly OrganisationEntry[]>;
  /** Returns the organisations by their ids, 5,000 at most. */
  listOrganisations(): Promise<readonly OrganisationEntry[]>;
  /**
   * Returns the names that the registry has: organisations, members, agreements, and sharing groups that have a member.
   * Entries that have ended count too.
   */
  findRecipients(named: Recipients): Promise<Recipients>;
  /** Returns those of some onward shares that an organisation gives at `now`. */
  findShares(ids: readonly string[], by: string, now: Date): Promise<readonly string[]>;
  /** Returns those of some subjects that are members of an organisation at `now`. */
  findMembersOf(organisation: string, subjects: readonly string[], now: Date): Promise<readonly string[]>;
};

const deadlineMs = 1500;
/** The Union's cyber communities have some hundred organisations. More than this is a fault of who keeps the registry. */
const maxOrganisations = 5000;

/**
 * Opens the registry in the hub's store. Every method throws REGISTRY_UNAVAILABLE if the store does not answer within
 * `ms` milliseconds.
 */
export function openRegistry(db: Db, ms = deadlineMs): Registry {
  const members: Collection<MembershipEntry> = db.collection('memberships');
  const organisations: Collection<OrganisationEntry> = db.collection('organisations');
  const agreements: Collection<AgreementEntry> = db.collection('agreements');
  const shares: Collection<OnwardShareEntry> = db.collection('onwardShares');
  const joined = new GroupedReads(
    async (subjects, oldest) => await within(ms, readMembers(members, subjects, oldest, ms)),
  );
  return {
    ...openGrants(db, ms),
    findMembership: async (subject, now) =>
      await orUnavailable(ms, async () => {
        const found = await joined.load(subject, now);
        return found === undefined ? null : membershipAt(found, now);
      }),
    findOrganisations: async (ids) =>
      await orUnavailable(
        ms,
        async () => await organisations.find({ _id: { $in: [...ids] } }, { maxTimeMS: ms }).toArray(),
      ),
    listOrganisations: async () =>
      await orUnavailable(ms, async () => {
        const all = organisations.find({}, { maxTimeMS: ms, sort: { _id: 1 }, limit: maxOrganisations });
        return await all.toArray();
      }),
    findRecipients: async (named) =>
      await orUnavailable(ms, async () => {
        const [known, groups, persons, agreed] = await Promise.all([
          idsIn(organisations, named.organisations, ms),
          groupsIn(members, named.sharingGroups, ms),
          idsIn(members, named.persons, ms),
          idsIn(agreements, named.agreements, ms),
        ]);
        return { organisations: known, sharingGroups: groups, persons, agreements: agreed };
      }),
    findShares: async (ids, by, now) =>
      await orUnavailable(ms, async () => {
        const query = { _id: { $in: [...ids] }, by, until: { $gt: now } };
        const found = await shares.find(query, { maxTimeMS: ms, projection: { _id: 1 } }).toArray();
        return found.map(({ _id }) => _id);
      }),
    findMembersOf: async (organisation, subjects, now) =>
      await orUnavailable(ms, async () => await membersIn(members, { organisation, subjects, now }, ms)),
  };
}

/** Returns those of some subjects whose membership in an organisation has not ended. */
async function membersIn(
  members: Collection<MembershipEntry>,
  asked: { readonly organisation: string; readonly subjects: readonly string[]; readonly now: Date },
  maxTimeMS: number,
): Promise<readonly string[]> {
  const inForce = [{ until: null }, { until: { $gt: asked.now } }];
  const query = { _id: { $in: [...asked.subjects] }, organisation: asked.organisation, $or: inForce };
  const found = await members.find(query, { maxTimeMS, projection: { _id: 1 } }).toArray();
  return found.map(({ _id }) => _id);
}

/** The registry's entries about one member, as they are stored. */
type JoinedMember = MembershipEntry & {
  readonly own: readonly OrganisationEntry[];
  readonly shares: readonly OnwardShareEntry[];
  readonly grants: readonly ReadGrant[];
  readonly agreements: readonly AgreementEntry[];
  readonly offices: readonly OfficeEntry[];
};

/**
 * Reads members with their offices and organisations, and what these were given and agreed. One command for each
 * request, not six: most of the hub's cost of a small request was the number of its messages.
 */
async function readMembers(
  members: Collection<MembershipEntry>,
  subjects: readonly string[],
  oldest: Date,
  ms: number,
): Promise<ReadonlyMap<string, JoinedMember>> {
  // Entries that have ended are removed again at each request's own time; they are left out here to keep the answer small.
  const pipeline = [{ $match: { until: { $gt: oldest } } }];
  const localField = 'organisation';
  const running = (from: string, foreignField: string, as: string, more: readonly Document[] = []) => ({
    $lookup: { from, localField, foreignField, as, pipeline: [...pipeline, ...more] },
  });
  const found = await members
    .aggregate<JoinedMember>(
      [
        { $match: { _id: { $in: [...subjects] } } },
        { $lookup: { from: 'organisations', localField, foreignField: '_id', as: 'own' } },
        running('onwardShares', 'client', 'shares'),
        running('grants', 'to', 'grants', [
          { $match: hasNotLapsed(oldest) },
          { $sort: grantOrder },
          { $limit: maxGrants.read },
          { $project: readGrantFields },
        ]),
        running('agreements', 'parties', 'agreements'),
        officesInOwnOrganisation(oldest),
      ],
      { maxTimeMS: ms },
    )
    .toArray();
  return new Map(found.map((one) => [one._id, one]));
}

/**
 * Joins the offices of a member in their organisation. Of too many entries, those with the latest ends count. Entries
 * without a declared office are left out first, so that they take no place.
 */
function officesInOwnOrganisation(oldest: Date): Document {
  const isOwn = { $expr: { $eq: ['$organisation', '$$own'] } };
  return {
    $lookup: {
      from: 'offices',
      localField: '_id',
      foreignField: 'subject',
      as: 'offices',
      let: { own: '$organisation' },
      pipeline: [
        { $match: { until: { $gt: oldest }, office: { $in: officeNames }, ...isOwn } },
        { $sort: { until: -1, _id: 1 } },
        { $limit: maxOffices },
      ],
    },
  };
}

/** Returns the membership of a member at a time; null if it is not in force or malformed. */
function membershipAt(found: JoinedMember, now: Date): Membership | null {
  const [organisation] = found.own;
  if (organisation === undefined || !isInForce(found, now)) return null;
  const lasts = ({ until }: { readonly until: unknown }) => isDate(until) && (until as Date) > now;
  const begun = ({ from }: { readonly from: unknown }) => isDate(from) && (from as Date) <= now;
  return toMembership(
    found,
    organisation,
    found.shares.filter(lasts),
    found.grants.filter(lasts),
    found.agreements.filter((one) => lasts(one) && begun(one) && isAgreed(one, now)),
    found.offices.filter((one) => lasts(one) && begun(one)),
  );
}

/** Returns whether the parties keep an agreement in force. A notice of its end changes nothing before the end. */
function isAgreed({ record, state, endsAt = null }: AgreementEntry, now: Date): boolean {
  if ((record ?? null) === null) return true;
  const isOver = endsAt !== null && !(endsAt instanceof Date && endsAt > now);
  return !isOver && (state === 'in-force' || state === 'ending');
}

/** Returns those of some ids that a collection has. */
async function idsIn<Entry extends { readonly _id: string }>(
  entries: Collection<Entry>,
  ids: readonly string[],
  ms: number,
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const found = entries.find({ _id: { $in: [...ids] } } as Filter<Entry>, { maxTimeMS: ms });
  return (await found.project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

/** Returns those of some sharing groups that have a member. The registry has no other list of groups. */
async function groupsIn(
  members: Collection<MembershipEntry>,
  groups: readonly string[],
  ms: number,
): Promise<readonly string[]> {
  if (groups.length === 0) return [];
  const filter = { sharingGroups: { $in: [...groups] } };
  return await members.distinct('sharingGroups', filter, { maxTimeMS: ms });
}

/** Returns whether a membership is in force: `until` is null or in the future. A malformed or missing end is in the past. */
export function isInForce({ until }: { readonly until: unknown }, now: Date): boolean {
  return until === null || (until instanceof Date && until > now);
}

/**
 * Joins the registry's entries about one member. Returns null if the entry of the member or of the organisation is
 * malformed, and leaves out malformed shares, grants, agreements and offices: MongoDB checks no types, and a text in the
 * place of a list of roles would contain every role that is a part of it.
 */
export function toMembership(
  member: MembershipEntry,
  organisation: OrganisationEntry,
  shares: readonly OnwardShareEntry[],
  grants: readonly ReadGrant[],
  agreements: readonly AgreementEntry[],
  offices: readonly OfficeEntry[],
): Membership | null {
  const { communities, memberState } = organisation;
  const { roles, sharingGroups } = member;
  const areLists = [communities, roles, sharingGroups].every(isListOfTexts);
  const hasState = memberState === null || typeof memberState === 'string';
  if (!areLists || !hasState || member.organisation !== organisation._id) return null;
  return {
    organisation: organisation._id,
    communities,
    memberState,
    roles,
    sharingGroups,
    onwardShares: shares.filter(isFromAnother).map(({ _id, by, until }): HeldShare => ({
      id: _id,
      by,
      until: until.toISOString(),
    })),
    grants: grants
      .filter((grant) => isFromAnother(grant) && isFor(member, grant))
      .map(({ _id, by, until }): HeldGrant => ({ id: _id, by, until: until.toISOString() })),
    agreements: agreements.filter(isAgreement).map((agreement): HeldAgreement => ({
      id: agreement._id,
      until: agreement.until.toISOString(),
      tlpCeiling: agreement.tlpCeiling,
      purposes: agreement.purposes,
    })),
    offices: officesOf(
      member,
      offices.filter(({ until }) => isDate(until)),
    ),
    budget: organisation.budget,
  };
}

function isFromAnother({ _id, by, until }: OnwardShareEntry | ReadGrant): boolean {
  return [_id, by].every((one) => typeof one === 'string') && isDate(until);
}

/** The grant of an emergency release or of a proposed release can name one person. A malformed name gives it to nobody. */
function isFor({ _id: subject }: MembershipEntry, { person = null }: ReadGrant): boolean {
  return person === null || person === subject;
}

function isAgreement({ _id, until, tlpCeiling, purposes: given }: AgreementEntry): boolean {
  const isKnown = isListOfTexts(given) && given.every((one) => purposes.some((known) => known === one));
  return typeof _id === 'string' && isDate(until) && tlpScale.includes(tlpCeiling) && isKnown;
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
