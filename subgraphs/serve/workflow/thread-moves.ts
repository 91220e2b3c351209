import type { ClientSession } from 'mongodb';
import { organisationIn } from '../../../schema/record/shared-types.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Known, Progress } from '../../../schema/workflow/engine/progress.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { isKnown, opensThread } from '../../../schema/workflow/language/opening.ts';
import { areVersionsOfThreads, openingMove, opensThreads } from '../../../schema/workflow/served.ts';
import { loaded, staleVersion } from '../changes/change-steps.ts';
import { notFound, Refused } from '../changes/refused.ts';
import type { Unwritten } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { refuseOtherState } from './kinds/case-grounds.ts';
import { followOnOthers } from './follow-on-others.ts';
import { fromGraph } from './graph-values.ts';
import { withReaders } from './members.ts';
import { valuesIn } from './move-input.ts';
import { MoveSteps, type Requested } from './move-steps.ts';
import { isMasked, type StoredProgress, writeMove } from './progress-store.ts';
import { actorOn, isOpener } from './relations.ts';

/** The most moves in a thread that a move opens to its organisation: each move of the opener gives it a notice. */
const maxOpenedMoves = 50;

/** The moves in threads of organisations. A move in a thread changes neither the version nor the time of its record. */
export class ThreadMoves extends MoveSteps {
  /** Makes a move in a thread: in that of the reader's organisation only, where the members of a record open threads. */
  async make(requested: Requested): Promise<Unwritten> {
    const areByMembers = openingMove(this.of(requested.kind.type)) !== null;
    return areByMembers ? await this.#inOwnThread(requested) : await this.#inThread(requested);
  }

  /** Makes a move in a thread that the record began with: of the reader's organisation, or one that the opener names. */
  async #inThread(requested: Requested): Promise<Unwritten> {
    const { kind, of, move, input, find, session } = requested;
    const { reader } = this.parts.readerAccess;
    const envelope = await this.admitted(kind, input.id, 'move', find);
    const stored = await loaded(kind, input.id, find);
    const content = stored.content as Content;
    const organisation = organisationIn(input[of.subject] ?? reader.organisation);
    const isOpened = isOpener(of, reader, content);
    // Other readers must not learn which organisations have a thread.
    if (organisation === null || (!isOpened && organisation !== reader.organisation)) throw notFound();
    const before = await this.progressOf(input.id, organisation, session);
    // An organisation does not know of its thread until a move opens the record to it.
    if (!isOpened && !isKnown(of, before.progress)) throw notFound();
    const isOfThread = organisation === reader.organisation || areVersionsOfThreads(this.of(kind.type));
    if (input.expectedVersion !== (isOfThread ? before.version : envelope.version)) throw staleVersion();
    await this.#refuseOver(requested, isOpened);
    const known: Known = { progress: before.progress, fields: content };
    const actor = actorOn(
      of,
      this.parts.readerAccess,
      { ...content, ...before.progress.facts },
      organisation,
    );
    const { [of.subject]: _thread, ...values } = valuesIn(input);
    const attempt = { ...this.attempt(move, input), known, actor, input: fromGraph(of, move, values) };
    const progress = this.decided(of, attempt);
    await this.refuseEndless(of, attempt, before, progress, session);
    this.#refuseRepeated(kind, of, before, progress);
    const opens = opensThread(of, of.moves[move]) ? this.#openedTo(kind, stored, organisation) : undefined;
    const entry = this.entry(of, input.id, { organisation }, attempt, input);
    const from = before.progress.state;
    const made = { ...entry, from, to: progress.state, isHidden: isMasked(of, progress) };
    const { exercise } = envelope;
    const at = { ...this.in(of, kind, content), record: this.of(kind.type).record, exercise };
    const also = async (by: ClientSession): Promise<void> => {
      await writeMove(this.parts.store, at, made, { progress }, before, by);
      await followOnOthers(this.parts.store, at, made, by);
    };
    return { record: input.id, version: envelope.version, also, ...(opens && { opens }) };
  }

  /** Throws Refused if the opener of a record that is over would inform the organisation of a thread again. */
  async #refuseOver({ kind, input, session }: Requested, isOpened: boolean): Promise<void> {
    const of = this.of(kind.type);
    if (!isOpened || !opensThreads(of)) return;
    const { progress } = await this.progressOf(input.id, null, session);
    if (of.record?.states[progress.state]?.final === true)
      throw new Refused('WRONG_STATE', ['id'], `its state is ${progress.state}: you can make no move`);
  }

  /** Throws Refused for too many moves in a thread that a move opened, unless the move ends it. */
  #refuseRepeated({ type }: Kind, of: Workflow, { version }: StoredProgress, { state }: Progress): void {
    if (!opensThreads(this.of(type)) || version < maxOpenedMoves || of.states[state]?.final === true) return;
    throw new Refused(
      'CLOSED',
      ['id'],
      `expected ${maxOpenedMoves} moves at most: only the one that ends it is possible`,
    );
  }

  /** Returns a record that its originator opens to the organisation of a thread. Throws Refused for another mover. */
  #openedTo(kind: Kind, record: StoredRecord, organisation: string): NonNullable<Unwritten['opens']> {
    if (!this.mayWiden(kind, record.envelope))
      throw new Refused('NOT_ALLOWED', [], 'only a person of its originator opens a record to other readers');
    return { kind, record, envelope: withReaders(record.envelope, [organisation]), to: organisation };
  }

  /**
   * Makes a move in the thread of the reader's organisation, in a kind whose members open threads. The members are facts
   * of the record. The first move of a thread is based on the version of the record.
   */
  async #inOwnThread({ kind, of, move, input, find, session }: Requested): Promise<Unwritten> {
    const { organisation, memberState } = this.parts.readerAccess.reader;
    const { version, exercise } = await this.admitted(kind, input.id, 'move', find);
    const fields = (await loaded(kind, input.id, find)).content as Content;
    const { progress: ofRecord } = await this.progressOf(input.id, null, session);
    const before = await this.findProgress(input.id, organisation, session);
    const isOpening = before === null || move === openingMove(this.of(kind.type));
    if (input.expectedVersion !== (isOpening ? version : before.version)) throw staleVersion();
    const stated = fromGraph(of, move, valuesIn(input));
    const known = before === null ? null : { progress: before.progress, fields };
    // Members are those of the record, whatever a thread states.
    const values = { ...known?.progress.facts, ...stated, ...fields, ...ofRecord.facts };
    const actor = actorOn(of, this.parts.readerAccess, values, organisation);
    const attempt = { ...this.attempt(move, input), known, fields, actor, input: stated };
    refuseOtherState(of.name, stated, memberState);
    const progress = this.decided(of, attempt);
    if (before !== null) await this.refuseEndless(of, attempt, before, progress, session);
    const entry = this.entry(of, input.id, { organisation }, attempt, input);
    const from = before?.progress.state ?? null;
    const made = { ...entry, from, to: progress.state, isHidden: isMasked(of, progress) };
    const { store } = this.parts;
    const also = async (by: ClientSession): Promise<void> => {
      const at = { ...this.in(of, kind, fields), record: this.of(kind.type).record, exercise };
      await writeMove(store, at, made, { progress }, before, by);
      await followOnOthers(store, at, made, by);
    };
    return { record: input.id, version, also };
  }
}
