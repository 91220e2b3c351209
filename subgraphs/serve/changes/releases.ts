import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import { asPortion } from '../../../schema/record/as-portion.ts';
import type { Envelope, Portion, Released, StoredRecord } from '../../../schema/record/envelope.ts';
import { grantIdOf, organisationIn } from '../../../schema/record/release.ts';
import { workflowsOf } from '../../../schema/workflow/served.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { keepAct, textIn } from './act.ts';
import { ChangeSteps, type OnRecord } from './change-steps.ts';
import { nextEnvelope } from './envelopes.ts';
import { Refused } from './refused.ts';
import type { Made, Outcome } from './write-once.ts';

export type ReleaseInput = OnRecord & {
  readonly to: string;
  readonly until: Date;
  readonly fields?: readonly string[] | null;
  readonly purpose: string;
};
export type EndReleaseInput = OnRecord & { readonly release: string; readonly reason: string };

/** The most releases of one record at a time: each gives it another access key. */
const maxReleases = 20;
/** The longest time of a release. */
const maxDays = 366;
const day = 86_400_000;

/** The parts of an envelope that releases change. */
type Opened = Pick<Envelope, 'releases' | 'released' | 'portions'>;

/**
 * The releases by which an originator lets an organisation beyond the audience read a record, or a field with a marking of
 * its own (W9a). The hub has entered the grant with its end in the registry before the release arrives here.
 */
export class Releases extends ChangeSteps {
  /** Releases a record, or fields of it. The policy permits it to natural persons of the originator (J09). */
  async release(input: ReleaseInput): Promise<Outcome> {
    return await this.once(input, 'release', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { envelope } = before;
      const { now } = this.parts.readerAccess;
      if (!this.mayOn('release', kind, envelope)) throw new Refused('NOT_ALLOWED', ['id'], notReleased);
      if (workflowsOf(this.parts.community).has(kind.type))
        throw new Refused('NOT_ALLOWED', ['id'], 'the moves of its workflow name the readers of this record');
      const to = recipientOf(input, envelope);
      if (!(input.until > now) || input.until.getTime() > now.getTime() + maxDays * day)
        throw new Refused('INVALID', ['until'], `expected a later time, at most ${maxDays} days from now`);
      const alive = withoutEnded(envelope, now);
      if ((alive.released ?? []).length >= maxReleases)
        throw new Refused('INVALID', ['to'], `expected ${maxReleases} releases at most: revoke one first`);
      const fields = input.fields ?? null;
      for (const part of this.#released(kind, before, fields)) refuseHeld(part, now);
      const terms = { by: envelope.originator, record: input.id, key: input.key, to, until: input.until };
      const purpose = textIn(input, 'purpose');
      const released = { id: grantIdOf(terms), to, until: input.until, fields, purpose };
      return this.#opened(before, withRelease(alive, released), 'grant', input, { ...released });
    });
  }

  /** Revokes a release. The reader that it opened the record for can no longer read it from the next request on. */
  async endRelease(input: EndReleaseInput): Promise<Outcome> {
    return await this.once(input, 'endRelease', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const seen = releasesSeenBy(this.parts.readerAccess, before.envelope);
      if (!this.mayOn('release', kind, before.envelope) || !seen.some(({ id }) => id === input.release))
        throw new Refused('INVALID', ['release'], 'expected a release that the record shows to you');
      const left = withoutReleases(before.envelope, ({ id }) => id === input.release);
      const values = { release: input.release, reason: textIn(input, 'reason') };
      return this.#opened(before, left, 'revoke', input, values);
    });
  }

  /**
   * Returns the parts that a release opens: the record, or fields with a separate marking. A field that the reader may not
   * see or release is refused like one without a separate marking.
   */
  #released(kind: Kind, { envelope }: StoredRecord, fields: readonly string[] | null): readonly Envelope[] {
    if (fields === null) return [envelope];
    const { policy, readerAccess } = this.parts;
    const hidden = policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set();
    const portions = envelope.portions.filter(({ path }) => fields.includes(path));
    const known = new Set(portions.map(({ path }) => path));
    const parts = portions.map((portion) => asPortion(envelope, portion));
    const areOpen =
      fields.length > 0 &&
      fields.every((path) => known.has(path) && !hidden.has(path)) &&
      parts.every((part) => this.mayOn('release', kind, part));
    if (areOpen) return parts;
    throw new Refused(
      'INVALID',
      ['fields'],
      'expected fields that have a separate marking, and that you may read and release',
    );
  }

  /** Returns the next version of a record with other releases. The act is stored with the moves of workflows (W9a). */
  #opened(
    before: StoredRecord,
    opened: Opened,
    move: 'grant' | 'revoke',
    { id, key }: OnRecord,
    input: Content,
  ): Made {
    const { store, readerAccess } = this.parts;
    const { releases: _releases, released: _released, ...next } = nextEnvelope(before, readerAccess.now);
    const envelope: Envelope = { ...next, ...opened };
    const act = {
      record: id,
      workflow: 'grant',
      move,
      from: move === 'grant' ? null : 'active',
      to: move === 'grant' ? 'active' : 'revoked',
      input,
      key,
    };
    const made = this.remade(this.kindOf(id), before, envelope, before.content as Content, () => true);
    return { ...made, also: async (session) => await keepAct(store, act, readerAccess, session) };
  }
}

/** Returns the releases of a record that a reader sees: its originator sees all, other readers none. */
export function releasesSeenBy(
  { reader: { organisation } }: Pick<ReaderAccess, 'reader'>,
  { originator, released = [] }: Pick<Envelope, 'originator' | 'released'>,
): readonly Released[] {
  return originator === organisation ? released : [];
}

const notReleased =
  'only a natural person of its originator releases a record. RED needs a second person, which the hub cannot ask yet';

/** Returns the organisation that a release is for. The hub has checked that the registry has it. */
function recipientOf({ to }: ReleaseInput, { originator }: Envelope): string {
  const organisation = organisationIn(to);
  if (organisation !== null && organisation !== originator) return organisation;
  throw new Refused('INVALID', ['to'], 'expected the registry id of another organisation, such as cert-eu');
}

/** Refuses to release what another rule than its TLP holds back. */
function refuseHeld({ marking, embargoUntil }: Envelope, now: Date): void {
  const { handlingCodes, extraRestrictions, distribution } = marking;
  const isHeld =
    (embargoUntil !== null && embargoUntil > now) ||
    handlingCodes.some((code) => code !== 'H0') ||
    extraRestrictions.length > 0 ||
    distribution !== 'NONE';
  if (!isHeld) return;
  throw new Refused(
    'NOT_ALLOWED',
    ['id'],
    'an embargo, a handling code, a restriction or a distribution limit holds it back: change its marking first',
  );
}

function withRelease({ releases = [], released = [], portions }: Opened, added: Released): Opened {
  const { id, fields } = added;
  return {
    ...(fields === null ? { releases: [...releases, id] } : releases.length === 0 ? {} : { releases }),
    released: [...released, added],
    portions: portions.map((portion) =>
      fields?.includes(portion.path) === true
        ? { ...portion, releases: [...(portion.releases ?? []), id] }
        : portion,
    ),
  };
}

function withoutEnded(envelope: Envelope, now: Date): Opened {
  return withoutReleases(envelope, ({ until }) => until <= now);
}

function withoutReleases(envelope: Envelope, isEnded: (one: Released) => boolean): Opened {
  const { releases = [], released = [], portions } = envelope;
  const ended = new Set(released.filter(isEnded).map(({ id }) => id));
  const left = releases.filter((id) => !ended.has(id));
  const shown = released.filter(({ id }) => !ended.has(id));
  return {
    ...(left.length === 0 ? {} : { releases: left }),
    ...(shown.length === 0 ? {} : { released: shown }),
    portions: portions.map((portion) => withoutIds(portion, ended)),
  };
}

function withoutIds(portion: Portion, ended: ReadonlySet<string>): Portion {
  const { releases = [], ...own } = portion;
  const left = releases.filter((id) => !ended.has(id));
  return left.length === 0 ? own : { ...own, releases: left };
}
