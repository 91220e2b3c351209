import type { ClientSession } from 'mongodb';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import { asPortion } from '../../../schema/record/as-portion.ts';
import type { Envelope, Released, StoredRecord } from '../../../schema/record/envelope.ts';
import { canEndRelease, maxReleaseDays } from '../../../schema/record/release.ts';
import { organisationIn } from '../../../schema/record/shared-types.ts';
import { workflowsOf } from '../../../schema/workflow/served.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { withReleased } from '../record/released.ts';
import { setReleased } from '../store/write.ts';
import { movesIn } from '../workflow/progress-store.ts';
import { keepAct } from './act.ts';
import { ChangeSteps, type OnRecord } from './change-steps.ts';
import { nextEnvelope } from './envelopes.ts';
import { Refused } from './refused.ts';
import type { Made, Unwritten } from './write-once.ts';

/** The most releases of one record at a time: each gives it another access key. */
export const maxReleases = 20;

/** The most releases that are ever made of one record. */
const maxActs = 100;

/** An act that made, changed or ended a release, as it is stored with the moves of workflows. */
export type ReleaseAct = {
  readonly workflow: 'grant' | 'emergency-release';
  readonly move: string;
  readonly from: string | null;
  readonly to: string;
  readonly values: Content;
};

/** The steps that releases, proposed releases and emergency releases share. */
export class ReleaseSteps extends ChangeSteps {
  /** Returns the release with an id, if the reader may see it. */
  protected seenRelease(kind: Kind, envelope: Envelope, id: string): Released | undefined {
    const { policy, readerAccess } = this.parts;
    const hidden = policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set();
    return releasesSeenBy(readerAccess, envelope, hidden).find((one) => one.id === id);
  }

  protected isPerson(): boolean {
    return this.parts.readerAccess.reader.client === 'person';
  }

  protected refuseOfWorkflow({ type }: Kind): void {
    if (workflowsOf(this.parts.community).has(type))
      throw new Refused('NOT_ALLOWED', ['id'], 'the moves of its workflow name the readers of this record');
  }

  /** Each release gives the record a new version. A revocation is never refused for their number. */
  protected async refuseEndless(
    record: string,
    workflow: ReleaseAct['workflow'],
    moves: readonly string[],
    session: ClientSession,
  ): Promise<void> {
    const acts = { record, workflow, move: { $in: [...moves] } };
    const count = await movesIn(this.parts.store).countDocuments(acts, { session, limit: maxActs });
    if (count >= maxActs)
      throw new Refused('CLOSED', ['id'], `expected ${maxActs} releases of one record at most`);
  }

  /** Refuses a release that opens nothing: of a CLEAR record, of a kind that no grant opens, or with the terms of another one. */
  protected refuseVain(kind: Kind, envelope: Envelope, added: Released): void {
    const { policy, readerAccess } = this.parts;
    const isEmbargoed = envelope.embargoUntil !== null && envelope.embargoUntil > readerAccess.now;
    const keysOf = (one: Envelope) =>
      policy.admittedKeys(one, kind.type)[isEmbargoed ? 'early' : 'admits'].length;
    const after = withReleased(envelope, [...(envelope.released ?? []), added]);
    const pairs =
      added.fields === null
        ? [[envelope, after] as const]
        : envelope.portions.flatMap((portion, at) => {
            const next = after.portions[at];
            const isNamed = added.fields?.includes(portion.path) === true && next !== undefined;
            return isNamed ? [[asPortion(envelope, portion), asPortion(after, next)] as const] : [];
          });
    if (pairs.every(([old, next]) => keysOf(next) > keysOf(old))) return;
    throw new Refused(
      'NOT_ALLOWED',
      ['id'],
      'this release would open nothing: everybody reads the record, its kind is not released, or a release with this end exists',
    );
  }

  /**
   * Returns the parts that a release opens: the record, or fields with a separate marking. A field that the reader may not
   * see or release is refused like one without a separate marking.
   */
  protected released(
    kind: Kind,
    { envelope }: StoredRecord,
    fields: readonly string[] | null,
  ): readonly Envelope[] {
    if (fields === null) return [envelope];
    const { policy, readerAccess } = this.parts;
    const hidden = policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set();
    const portions = envelope.portions.filter(({ path }) => fields.includes(path));
    const known = new Set(portions.map(({ path }) => path));
    const parts = portions.map((portion) => asPortion(envelope, portion));
    const areOpen =
      fields.every((path) => known.has(path) && !hidden.has(path)) &&
      parts.every((part) => this.mayOn('release', kind, part));
    if (areOpen) return parts;
    throw notFields();
  }

  /** Returns the next version of a record with other releases. The act is stored with the moves of workflows. */
  protected withReleases(
    before: StoredRecord,
    released: readonly Released[],
    { id, key }: OnRecord,
    { values, ...moved }: ReleaseAct,
  ): Made {
    const { store, readerAccess } = this.parts;
    const envelope = withReleased(nextEnvelope(before, readerAccess.now), released);
    const act = { record: id, ...moved, input: values, key };
    const made = this.remade(this.kindOf(id), before, envelope, before.content as Content, () => true);
    return { ...made, also: async (session) => await keepAct(store, act, readerAccess, session) };
  }

  /**
   * Returns the change of what is proposed only. It opens and closes nothing, so the record keeps its version and its time, and
   * nobody beyond the originator learns of it.
   */
  protected withProposals(
    { _id, envelope }: StoredRecord,
    released: readonly Released[],
    { id, key }: OnRecord,
    { values, ...moved }: ReleaseAct,
  ): Unwritten {
    const { store, readerAccess } = this.parts;
    const { version } = envelope;
    const act = { record: id, ...moved, input: values, key };
    const also = async (session: ClientSession): Promise<void> => {
      await setReleased(store, this.kindOf(id).type, { _id, version, released }, session);
      await keepAct(store, act, readerAccess, session);
    };
    return { record: id, version, also };
  }

  /** Refuses the confirmation by the person who proposed or made a release. */
  protected refuseSamePerson({ by }: { readonly by: string }): void {
    if (by === this.parts.readerAccess.reader.subject)
      throw new Refused('NOT_ALLOWED', ['release'], 'a second person of the originator confirms it');
  }
}

/** Returns whether a release opens the record at a time, or waits for its second person. */
export function isRunning(release: Released, now: Date): boolean {
  const { until, emergency } = release;
  return until > now && (emergency?.revokedAt ?? null) === null && !hasLapsed(release, now);
}

/** Returns whether nobody confirmed a proposed release in time. */
export function hasLapsed(release: Released, now: Date): boolean {
  return isPending(release) && (release.proposal?.confirmBy ?? now) <= now;
}

/** Returns the releases that stay with a record: those that run, and emergency releases whose report is due. */
export function keptOf({ released = [] }: Envelope, now: Date): readonly Released[] {
  return released.filter(
    (one) => isRunning(one, now) || (one.emergency !== undefined && one.emergency.reportedAt === null),
  );
}

/** Returns the releases that stay if one of them changes. Proposals with its grant go: they would outlive its revocation. */
export function replaced(envelope: Envelope, one: Released, now: Date): readonly Released[] {
  return [...withoutTwins(envelope, one, now), one];
}

/** Returns the releases that stay without one of them, and without the proposals that have its grant. */
export function withoutTwins(envelope: Envelope, { id, grant }: Released, now: Date): readonly Released[] {
  return keptOf(envelope, now).filter((one) => one.id !== id && !(isPending(one) && one.grant === grant));
}

/** Returns whether a proposed release waits for its second person, or has lapsed. It opens nothing. */
export function isPending({ proposal }: Released): boolean {
  return proposal !== undefined && proposal.confirmedAt === null;
}

/**
 * Refuses one more release if too many of the record run. Proposals do not count: a reader may not see those of a hidden
 * field, and must not be stopped by them.
 */
export function refuseMany({ released = [] }: Envelope, now: Date, input: 'to' | 'release' = 'to'): void {
  if (released.filter((one) => isRunning(one, now) && !isPending(one)).length < maxReleases) return;
  throw new Refused('INVALID', [input], `expected ${maxReleases} releases at most: revoke one first`);
}

/**
 * Returns the releases of a record that a reader sees: its originator sees all, except those of a field that is `hidden`
 * from the reader. Other readers see none.
 */
export function releasesSeenBy(
  { reader: { organisation } }: Pick<ReaderAccess, 'reader'>,
  { originator, released = [] }: Pick<Envelope, 'originator' | 'released'>,
  hidden: ReadonlySet<string>,
): readonly Released[] {
  if (originator !== organisation) return [];
  return released.filter(({ fields }) => fields?.some((path) => hidden.has(path)) !== true);
}

/** Refuses a release that ends before now or too late. */
export function refuseEnd(until: Date, now: Date): void {
  if (canEndRelease(until, now)) return;
  throw new Refused('INVALID', ['until'], `expected a later time, at most ${maxReleaseDays} days from now`);
}

/** Returns the organisation that a release is for. The hub has checked that the registry has it. */
export function recipientOf({ to }: { readonly to: string }, { originator }: Envelope): string {
  const organisation = organisationIn(to);
  if (organisation !== null && organisation !== originator) return organisation;
  throw new Refused('INVALID', ['to'], 'expected the registry id of another organisation, such as cert-eu');
}

const maxPerson = 200;

/** Returns the only person that a release is for, or null. */
export function personIn({ person = null }: { readonly person?: string | null }): string | null {
  if (person === null || (person !== '' && person.length <= maxPerson)) return person;
  throw new Refused('INVALID', ['person'], `expected a subject of 1 to ${maxPerson} characters`);
}

/** Returns the fields of a release, each once. Null for a release of the record. */
export function fieldsIn(
  { fields = null }: { readonly fields?: readonly string[] | null },
  { portions }: Envelope,
): readonly string[] | null {
  if (fields === null) return null;
  const named = [...new Set(fields)];
  if (named.length > 0 && named.length <= portions.length) return named;
  throw notFields();
}

function notFields(): Refused {
  return new Refused(
    'INVALID',
    ['fields'],
    'expected fields that have a separate marking, and that you may read and release',
  );
}
