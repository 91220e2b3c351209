import type { ClientSession } from 'mongodb';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { initialState } from '../../../../schema/workflow/language/check-states.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import { loaded, staleVersion } from '../../changes/change-steps.ts';
import type { Finder } from '../../changes/find-record.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import type { Unwritten } from '../../changes/write-once.ts';
import type { Kind } from '../../kind.ts';
import type { Content } from '../../record/content.ts';
import { findNamedTwice, findUnfit, seeking } from './booking-fit.ts';
import { fromGraph } from '../graph-values.ts';
import { type Values, valuesIn } from '../move-input.ts';
import { MoveSteps, type Requested } from '../move-steps.ts';
import { type NamedPart, partOf, seesAllParts, unmovedPart } from '../named-parts.ts';
import {
  isMasked,
  maxThreads,
  movesIn,
  progressId,
  progressIn,
  type StoredProgress,
  threadsOf,
  writeMove,
} from '../progress-store.ts';
import { actorOn } from '../relations.ts';

/** A mobilisation for which a team is sought, without the fields that the reader may not see. */
type Sought = { readonly id: string; readonly decider: unknown; readonly content: Content };

/** The most moves of one organisation on one unit, and the time in which they are counted. */
const maxMoves = 100;
const countedMs = 30 * 86_400_000;

/** A unit as a move finds it. `unit` is null for one that the record no longer names. */
type Subject = {
  readonly record: StoredRecord;
  readonly seen: Content;
  readonly unit: NamedPart | null;
  readonly before: StoredProgress;
};

/**
 * The moves on the members and the service units of a team. The content of the team names them; one on which no move was
 * made has no stored progress and is available.
 */
export class BookingMoves extends MoveSteps {
  async make({ kind, of, move, input, find, session }: Requested): Promise<Unwritten> {
    const { store, readerAccess } = this.parts;
    const { [of.subject]: name, ...stated } = valuesIn(input);
    const subject = await this.#subject({ kind, of, input, find, session }, String(name));
    const { record, unit, before } = subject;
    const content = record.content as Content;
    const sought = move === 'offer' ? await this.#sought(stated['mobilisation'], find, session) : null;
    // An offer is made by the desk of its mobilisation, any other move by that of the last offer.
    const desk = sought === null ? {} : { desk: sought.decider };
    const actor = actorOn(of, readerAccess, { ...content, ...before.progress.facts, ...desk }, null);
    if (!answers(of, move)) await this.#refuseEndless(input.id, String(name), session);
    const known = { progress: before.progress, fields: subject.seen };
    const attempt = { ...this.attempt(move, input), known, actor, input: fromGraph(of, move, stated) };
    const progress = this.decided(of, attempt);
    if (unit === null && of.moves[move]?.ofRemoved !== true)
      throw new Refused(
        'WRONG_STATE',
        [of.subject],
        'the team no longer names this unit: it can only be released or taken back from a rest or a time away',
      );
    if (sought !== null && unit !== null) this.#refuseUnfit(of, { ...subject, unit }, attempt, sought);
    const mobilisation = sought?.id ?? (await this.#soughtStill(before, move, session));
    if (before.version === 0 && (await threadsOf(store, input.id, session)).length >= maxThreads)
      throw new Refused('CLOSED', ['id'], `expected ${maxThreads} units of one team at most`);
    const entry = this.entry(of, input.id, { organisation: null, part: String(name) }, attempt, input);
    const states = { from: before.progress.state, to: progress.state, isHidden: isMasked(of, progress) };
    const stored = before.version === 0 ? null : before;
    const also = async (by: ClientSession): Promise<void> => {
      // A move of the mobilisation meanwhile conflicts with it, in another process too.
      if (mobilisation !== null)
        await progressIn(store).updateOne({ _id: mobilisation }, { $inc: { partMoves: 1 } }, { session: by });
      const at = this.in(of, kind, content);
      await writeMove(store, at, { ...entry, ...states }, { progress }, stored, by);
    };
    return { record: input.id, version: record.envelope.version, also };
  }

  /** Returns the unit with the version that the move is based on. One that the reader may not see looks unknown. */
  async #subject(
    { kind, of, input, find, session }: Omit<Requested, 'move'>,
    name: string,
  ): Promise<Subject> {
    const envelope = await this.admitted(kind, input.id, 'move', find);
    const record = await loaded(kind, input.id, find);
    const hidden = this.#hidden(kind, envelope);
    const seen = withoutHidden(record.content as Content, hidden);
    const twice = findNamedTwice(of, seen, name);
    if (twice !== null) throw twice;
    const unit = partOf(of, seen, { part: name });
    const _id = progressId(input.id, { organisation: null, part: name });
    const stored = await progressIn(this.parts.store).findOne({ _id }, { session });
    // To whom it does not belong, a unit that was taken out looks like a name that the team never had.
    if (unit === null && (stored === null || !seesAllParts(of, hidden) || !this.#hasPart(of, record, stored)))
      throw unknownUnit(of.subject);
    const before = stored ?? unmovedPart(of, { record: input.id, since: envelope.receivedAt }, name);
    if (input.expectedVersion !== before.version) throw staleVersion();
    return { record, seen, unit, before };
  }

  /** Returns whether the reader's organisation provides a unit, or is the desk of its last offer. */
  #hasPart(of: Workflow, { content }: StoredRecord, { progress: { facts } }: StoredProgress): boolean {
    const values = { ...(content as Content), ...facts };
    return actorOn(of, this.parts.readerAccess, values, null).relations.size > 0;
  }

  /** Throws Refused for more than `maxMoves` moves of one organisation on one unit: its history would have no end. */
  async #refuseEndless(record: string, part: string, session: ClientSession): Promise<void> {
    const { store, readerAccess } = this.parts;
    const { organisation } = readerAccess.reader;
    const since = new Date(readerAccess.now.getTime() - countedMs);
    const own = { record, part, 'by.organisation': organisation, recordedAt: { $gt: since } };
    const count = await movesIn(store).countDocuments(own, { session, limit: maxMoves });
    if (count >= maxMoves)
      throw new Refused('CLOSED', ['id'], `expected ${maxMoves} moves on one unit in 30 days at most`);
  }

  /**
   * Returns the mobilisation of an offer. Throws the same refusal for one that does not exist, that the reader may not see,
   * and for which no team is sought.
   */
  async #sought(id: unknown, find: Finder, session: ClientSession): Promise<Sought> {
    const notSought = invalid(
      'mobilisation',
      'expected a mobilisation that you may read, and for which a team is sought',
    );
    if (typeof id !== 'string') throw notSought;
    const kind = this.kind('Mobilisation');
    const envelope = await this.admitted(kind, id, 'move', find).catch((error: unknown) => {
      throw error instanceof Refused ? notSought : error;
    });
    const hidden = this.#hidden(kind, envelope);
    const stored = await this.findProgress(id, null, session);
    if (hidden.has('progress') || stored === null || !seeking.has(stored.progress.state)) throw notSought;
    const { content } = await loaded(kind, id, find);
    return {
      id,
      decider: stored.progress.facts['decider'],
      content: withoutHidden(content as Content, hidden),
    };
  }

  /** Returns the mobilisation of a confirmed offer, which still needs the person or unit. Null for other moves. */
  async #soughtStill(
    { progress: { facts } }: StoredProgress,
    move: string,
    session: ClientSession,
  ): Promise<string | null> {
    const { mobilisation } = facts;
    if (move !== 'confirm' || typeof mobilisation !== 'string') return null;
    const stored = await this.findProgress(mobilisation, null, session);
    if (stored !== null && [...seeking, 'in-transit'].includes(stored.progress.state)) return mobilisation;
    throw new Refused('WRONG_STATE', [], 'no team is sought for the mobilisation any more: refuse the offer');
  }

  /** Throws Refused for what a unit lacks. The notice counts from the entry of the offer, however late it is entered. */
  #refuseUnfit(
    of: Workflow,
    { record, seen, unit, before: { progress } }: Subject & { readonly unit: NamedPart },
    { input: { from, until }, now }: Attempt,
    { content: mobilisation }: Sought,
  ): void {
    if (!(from instanceof Date && until instanceof Date)) throw new Error('expected a period');
    const period = { from, until };
    const refused = findUnfit(of, record, { unit, team: seen, mobilisation, progress, period, now });
    if (refused !== null) throw refused;
  }

  #hidden(kind: Kind, envelope: StoredRecord['envelope']): ReadonlySet<string> {
    const { policy, readerAccess } = this.parts;
    return policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set();
  }
}

/** Returns whether a move frees a unit or answers an offer: it must stay possible, and each follows a move that is counted. */
function answers(of: Workflow, move: string): boolean {
  return move === 'confirm' || of.moves[move]?.to === initialState(of);
}

function unknownUnit(subject: string): Refused {
  return invalid(subject, `expected the name of a ${subject} of this record`);
}

function withoutHidden(content: Content, hidden: ReadonlySet<string>): Values {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !hidden.has(name)));
}
