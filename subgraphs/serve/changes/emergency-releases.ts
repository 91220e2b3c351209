import type { ClientSession } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Emergency, Envelope, Released } from '../../../schema/record/envelope.ts';
import {
  canEndEmergency,
  canReleaseInEmergency,
  grantIdOf,
  maxEmergencyHours,
} from '../../../schema/record/release.ts';
import { endOfClocks } from '../../../schema/workflow/clock/end-of-clock.ts';
import { readClocks } from '../../../schema/workflow/clock/load.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import { movesIn } from '../workflow/progress-store.ts';
import { textIn } from './act.ts';
import type { OnRecord } from './change-steps.ts';
import { Refused } from './refused.ts';
import {
  fieldsIn,
  keptOf,
  maxReleases,
  personIn,
  recipientOf,
  refuseMany,
  ReleaseSteps,
  replaced,
} from './release-steps.ts';
import type { Outcome } from './write-once.ts';

export type EmergencyInput = OnRecord & {
  readonly to: string;
  readonly person?: string | null;
  readonly until: Date;
  readonly fields?: readonly string[] | null;
  readonly threat: Emergency['threat'];
  readonly whyNotByRequest: string;
};
export type ConfirmInput = OnRecord & { readonly release: string; readonly reason: string };
export type ReportInput = OnRecord & {
  readonly release: string;
  readonly used: string;
  readonly outcome: string;
};

const workflow = 'emergency-release';

/**
 * The releases that the officer on duty of the originator makes alone, for at most 24 hours (W9c). They open more than other
 * releases: RED for one named person, an embargo, restrictions and personal data. A second person confirms, each person of
 * the originator revokes, and the originator reports after the end.
 */
export class EmergencyReleases extends ReleaseSteps {
  /** Releases a record, or fields of it. The policy permits it to officers on duty on screen (J27). */
  async release(input: EmergencyInput): Promise<Outcome> {
    return await this.once(input, 'releaseInEmergency', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { envelope } = before;
      const { now, reader } = this.parts.readerAccess;
      if (!canReleaseInEmergency(reader) || !this.mayOn('release', kind, envelope))
        throw new Refused('NOT_ALLOWED', ['id'], notOnDuty);
      this.refuseOfWorkflow(kind);
      this.#refusePersonsOfEuropol(envelope);
      const { until, threat } = input;
      const to = recipientOf(input, envelope);
      if (!canEndEmergency(until, now))
        throw new Refused(
          'INVALID',
          ['until'],
          `expected a later time, at most ${maxEmergencyHours} hours from now`,
        );
      const person = personIn(input);
      const fields = fieldsIn(input, envelope);
      for (const { marking } of this.released(kind, before, fields)) refuseMarking(marking, person);
      refuseMany(envelope, now);
      refuseUnreported(envelope);
      await this.#refuseAlone(input.id, { to, person }, session);
      await this.refuseEndless(input.id, workflow, ['release'], session);
      const whyNotByRequest = textIn(input, 'whyNotByRequest');
      const unsettled = { confirmedAt: null, revokedAt: null, reportedAt: null };
      const emergency = { person, threat, whyNotByRequest, by: reader.subject, at: now, ...unsettled };
      const grant = grantIdOf({ by: envelope.originator, to, until, emergency });
      const added = { id: randomUUID(), grant, to, until, fields, purpose: null, emergency };
      this.refuseVain(kind, envelope, added);
      const act = { workflow, move: 'release', from: null, to: 'released', values: { ...added } } as const;
      return this.withReleases(before, [...keptOf(envelope, now), added], input, act);
    });
  }

  /** Confirms an emergency release as a second person of the originator. */
  async confirm(input: ConfirmInput): Promise<Outcome> {
    return await this.once(input, 'confirmEmergency', async (find) => {
      const values = { release: input.release, reason: textIn(input, 'reason') };
      const { before, one, now } = await this.#emergency(input, find);
      const state = stateOf(one, now);
      if (state !== 'RELEASED' && state !== 'UNCONFIRMED')
        throw new Refused('CLOSED', ['release'], 'expected a release that runs and that nobody confirmed');
      this.refuseSamePerson(one.emergency);
      const confirmed = { ...one, emergency: { ...one.emergency, confirmedAt: now } };
      const act = { workflow, move: 'confirm', from: 'released', to: 'confirmed', values } as const;
      return this.withReleases(before, replaced(before.envelope, confirmed, now), input, act);
    });
  }

  /** Reports on an emergency release after its end. */
  async report(input: ReportInput): Promise<Outcome> {
    return await this.once(input, 'reportEmergency', async (find) => {
      const texts = { used: textIn(input, 'used'), outcome: textIn(input, 'outcome') };
      const { before, one, now } = await this.#emergency(input, find);
      const state = stateOf(one, now);
      if (state !== 'ENDED' && state !== 'REVOKED')
        throw new Refused('CLOSED', ['release'], 'the release still runs: report on it after its end');
      if (one.emergency.reportedAt !== null)
        throw new Refused('CLOSED', ['release'], 'the release was reported on');
      const reported = { ...one, emergency: { ...one.emergency, reportedAt: now } };
      const to = state === 'ENDED' ? 'ended' : 'revoked';
      const act = { workflow, move: 'report', from: to, to, values: { release: one.id, ...texts } } as const;
      return this.withReleases(before, replaced(before.envelope, reported, now), input, act);
    });
  }

  /** Refuses a second release by one person alone: otherwise a reader would read for days and nobody confirmed it. */
  async #refuseAlone(
    record: string,
    { to, person }: { readonly to: string; readonly person: string | null },
    session: ClientSession,
  ): Promise<void> {
    const { subject } = this.parts.readerAccess.reader;
    const moves = movesIn(this.parts.store);
    const made = { record, workflow, move: 'release', 'input.to': to, 'input.emergency.person': person };
    const last = await moves.findOne(
      { ...made, 'by.subject': subject },
      { session, sort: { recordedAt: -1, _id: -1 } },
    );
    const confirm = { record, workflow, move: 'confirm', 'input.release': last?.input['id'] };
    if (last === null || (await moves.countDocuments(confirm, { session, limit: 1 })) > 0) return;
    throw new Refused(
      'CLOSED',
      ['to'],
      'you released it to this reader before, and nobody confirmed it: a second person confirms a release that runs, or another officer on duty releases the record',
    );
  }

  /** Returns an emergency release that the reader may see, as a person of the originator. */
  async #emergency(
    input: OnRecord & { readonly release: string },
    find: Parameters<ReleaseSteps['readable']>[2],
  ) {
    const kind = this.kindOf(input.id);
    const before = await this.readable(kind, input, find, 'retracted too');
    const one = this.seenRelease(kind, before.envelope, input.release);
    const emergency = one?.emergency;
    if (one === undefined || emergency === undefined || !this.isPerson())
      throw new Refused('INVALID', ['release'], 'expected an emergency release that the record shows to you');
    return { before, one: { ...one, emergency }, now: this.parts.readerAccess.now };
  }

  #refusePersonsOfEuropol({ personalData, originator, provider }: Envelope): void {
    const isOfEuropol = [this.parts.community, originator, provider].includes('europol');
    if (personalData?.present === true && isOfEuropol)
      throw new Refused(
        'NOT_ALLOWED',
        ['id'],
        'data of persons from Europol is not released in an emergency',
      );
  }
}

const notOnDuty =
  'only an officer on duty of its originator, on screen with strong authentication, releases a record in an emergency';

/** Returns an emergency release as the graph shows it to its originator. Null for another release. */
export function emergencySeen(release: Released, { now }: Pick<ReaderAccess, 'now'>): object | null {
  const { emergency } = release;
  if (emergency === undefined) return null;
  const { at, ...stated } = emergency;
  const state = stateOf({ ...release, emergency }, now);
  const end = emergency.revokedAt ?? release.until;
  const isOver = state === 'ENDED' || state === 'REVOKED';
  return { ...stated, releasedAt: at, state, reportDueAt: isOver ? reportDueAt(end) : null };
}

type OfEmergency = Released & { readonly emergency: Emergency };

function stateOf({ until, emergency: { at, confirmedAt, revokedAt } }: OfEmergency, now: Date): string {
  if (revokedAt !== null) return 'REVOKED';
  if (until <= now) return 'ENDED';
  if (confirmedAt !== null) return 'CONFIRMED';
  const lastQuarter = until.getTime() - (until.getTime() - at.getTime()) / 4;
  return now.getTime() >= lastQuarter ? 'UNCONFIRMED' : 'RELEASED';
}

let endOf: EndOfClock | null = null;

/** The clocks are read when the first report is due: few processes ever need them. */
function reportDueAt(end: Date): Date | null {
  endOf ??= endOfClocks(readClocks());
  return endOf('emergency-report', end, 'due');
}

/** Refuses what no emergency opens, and RED for more than one person. */
function refuseMarking({ tlp, handlingCodes }: Envelope['marking'], person: string | null): void {
  if (handlingCodes.some((code) => code !== 'H0'))
    throw new Refused('NOT_ALLOWED', ['id'], 'a handling code holds it back, in an emergency too');
  if (tlp === 'RED' && person === null)
    throw new Refused('INVALID', ['person'], 'TLP:RED is released to one person: state the subject');
}

/** The reports that are due stay with the record, so their number is limited. */
function refuseUnreported({ released = [] }: Envelope): void {
  const open = released.filter(({ emergency }) => emergency !== undefined && emergency.reportedAt === null);
  if (open.length >= maxReleases)
    throw new Refused('CLOSED', ['id'], 'report on the earlier emergency releases of this record first');
}
