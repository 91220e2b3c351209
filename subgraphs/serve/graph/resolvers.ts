import type { Time } from '../../../schema/record/envelope.ts';
import { organisationKey, vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { PageArguments } from '../read/connection.ts';
import type { Context } from './context.ts';
import type { Kind } from '../kind.ts';
import { sharesSeenBy } from '../changes/onward-shares.ts';
import { emergencySeen } from '../changes/emergency-releases.ts';
import { proposalSeen } from '../changes/proposed-releases.ts';
import { releasesSeenBy } from '../changes/release-steps.ts';
import type { Row } from '../read/row.ts';
import { isOfState } from '../record/content.ts';

/** A field's resolver. graphql-js has checked the arguments. */
export type Resolver<Source = never, Args = never> = (
  source: Source,
  args: Args,
  context: Context,
) => unknown;

/** Resolvers by type and field. An entity's `__resolveReference` is among its fields. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/** A shared entity by its key, without data. */
export type EntityReference = { readonly __typename: string; readonly id: string };

/** Makes the root fields of a record type: its list, whose arguments pass through `prepare`, and its lookup by id. */
export function rootFieldsTo(
  type: string,
  list: string,
  one: string,
  prepare: (args: PageArguments) => PageArguments = (args) => args,
): Readonly<Record<string, Resolver>> {
  return {
    [list]: async (_source: never, args: PageArguments, { loaders }) =>
      await loaders.list(type, prepare(args)),
    [one]: lookupOf(type),
  };
}

/** Resolves to the record of `type` with the given id. */
export function lookupOf(type: string): Resolver {
  return async (_source: never, args: { readonly id: string }, { loaders }) =>
    await loaders.one(type, args.id);
}

/** Resolves to a page of the records of `type` that name the shared entity. */
export function pageOf(type: string): Resolver {
  return async (shared: EntityReference, args: PageArguments, { loaders }) =>
    await loaders.linked(type, shared.id, args);
}

const decided = new WeakSet<Resolver>();

/** Whether a `__resolveReference` was made by `recordOf`, so that the policy decides each record that it returns. */
export function isDecided(resolver: Resolver): boolean {
  return decided.has(resolver);
}

/**
 * The resolvers of a record type. A reference to it is decided like any read. Fields without a resolver return the
 * content's value.
 */
export function recordOf(type: string, fields: Readonly<Record<string, Resolver>> = {}) {
  const refer: Resolver = async (reference: { readonly id: string }, _args: unknown, { loaders }) =>
    await loaders.one(type, reference.id);
  decided.add(refer);
  return { envelope: (row: Row) => row, ...fields, __resolveReference: refer };
}

/** Resolves to the items of a list that belong to the reader's Member State (`Kind.itemsOfState`). */
export function itemsOfOwnState({ field, state }: NonNullable<Kind['itemsOfState']>): Resolver<Row> {
  return ({ content }, _args, { reader }) => {
    const items = content[field];
    return Array.isArray(items) ? items.filter((item) => isOfState(item, state, reader.memberState)) : null;
  };
}

/** An entity reference to a shared type; null if `key` is not a string. */
export function referenceTo(type: string, key: unknown): EntityReference | null {
  return typeof key === 'string' ? { __typename: type, id: key } : null;
}

/** The entity reference to a vulnerability, from its CVE or EUVD id. */
export function vulnerabilityReference(id: unknown): EntityReference | null {
  return typeof id === 'string' ? referenceTo('Vulnerability', vulnerabilityKey(id)) : null;
}

/** The references of the vulnerabilities that content names by their CVE or EUVD ids. */
export function vulnerabilityReferences(ids: unknown): readonly EntityReference[] {
  return Array.isArray(ids) ? ids.flatMap((id) => vulnerabilityReference(id) ?? []) : [];
}

const organisation = (id: string) => referenceTo('Organisation', organisationKey(id));

/** Resolvers of the envelope, the same in every subgraph. The source of an envelope is its row. */
export const envelopeResolvers: Resolvers = {
  Envelope: {
    originator: (row: Row) => organisation(row.envelope.originator),
    custodian: (row: Row) => organisation(row.envelope.custodian),
    onwardShares: ({ envelope }: Row, _args, { readerAccess }) =>
      sharesSeenBy(readerAccess, envelope).map(({ id, by }) => ({ id, by: organisationKey(by) })),
    releases: ({ envelope, decision }: Row, _args, { readerAccess }) =>
      releasesSeenBy(readerAccess, envelope, decision.hidden).map((release) => ({
        ...release,
        to: organisationKey(release.to),
        emergency: emergencySeen(release, readerAccess),
        proposal: proposalSeen(release, readerAccess),
      })),
    portions: (row: Row) => row.envelope.portions.filter((portion) => !row.decision.hidden.has(portion.path)),
  },
  Audience: {
    organisations: (audience: { organisations: readonly string[] }) =>
      audience.organisations.flatMap((id) => organisation(id) ?? []),
  },
  Time: { utc: (time: Time) => time.utc },
};
