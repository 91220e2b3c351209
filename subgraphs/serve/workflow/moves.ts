import type { ClientSession } from 'mongodb';
import { organisationIn } from '../../../schema/record/shared-types.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { movesFrom, needsSecondPerson } from '../../../schema/workflow/engine/decide.ts';
import type { Known, Progress } from '../../../schema/workflow/engine/progress.ts';
import { systemMovesAfter } from '../../../schema/workflow/engine/system.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { isOfParts } from '../../../schema/workflow/served.ts';
import { nextEnvelope } from '../changes/envelopes.ts';
import type { Finder } from '../changes/find-record.ts';
import { Refused } from '../changes/refused.ts';
import type { Made, Outcome, Unwritten } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { FirstMoves } from './first-moves.ts';
import { fromGraph } from './graph-values.ts';
import { refuseByHistory } from './history-grounds.ts';
import { type CreatingInput, type MoveInput, type ProposalInput, valuesIn } from './move-input.ts';
import { membersNamedBy, withoutReader } from './members.ts';
import { bySystem, type MoveParts, MoveSteps, type Requested } from './move-steps.ts';
import { PartMoves } from './part-moves.ts';
import { ThreadMoves } from './thread-moves.ts';
import { CaseMoves } from './kinds/case-moves.ts';
import { FileMoves } from './kinds/file-moves.ts';
import type { WithOther } from './kinds/other-records.ts';
import { BookingMoves } from './kinds/booking-moves.ts';
import { newProposal, proposalOf, refuseOutdated, refuseSecondProposal } from './proposals.ts';
import { followOnOthers } from './follow-on-others.ts';
import {
  isMasked,
  type Proposal,
  type StoredMove,
  type StoredProgress,
  threadsOf,
  writeMove,
} from './progress-store.ts';
import { actorOn } from './relations.ts';

type Entry = Omit<StoredMove, 'from' | 'to' | 'isHidden'>;

/** A move that was decided, with what it writes in another record of the kind. */
type MadeMove = {
  readonly attempt: Attempt;
  readonly progress: Progress;
  readonly other: WithOther | null;
};

/** A record with its workflow, as one move finds it. */
type Subject = {
  readonly of: Workflow;
  readonly record: StoredRecord;
  readonly before: StoredProgress;
  readonly known: Known;
  readonly actor: Attempt['actor'];
  readonly parts: readonly StoredProgress[];
};

/**
 * The moves that one reader makes in the workflows of a community. The policy decides first whether the reader may move
 * the record at all; then the declaration decides on this move. A move is one transaction with its history, and is made
 * once for each key of its subject.
 */
export class Moves extends MoveSteps {
  readonly #first: FirstMoves;
  readonly #parts: PartMoves;
  readonly #threads: ThreadMoves;
  readonly #units: BookingMoves;
  readonly #cases: CaseMoves;
  readonly #files: FileMoves;

  constructor(parts: MoveParts) {
    super(parts);
    this.#first = new FirstMoves(parts);
    this.#parts = new PartMoves(parts);
    this.#threads = new ThreadMoves(parts);
    this.#units = new BookingMoves(parts);
    this.#cases = new CaseMoves(parts);
    this.#files = new FileMoves(parts);
  }

  /** Creates a record by the first move of its workflow, and a thread for each addressee. */
  async create(type: string, input: CreatingInput): Promise<Outcome> {
    return await this.#first.create(type, input);
  }

  /** Makes a move on a record or on one of its threads. A move that needs a second person is proposed. */
  async make(type: string, workflow: Workflow, move: string, input: MoveInput): Promise<Outcome> {
    const kind = this.kind(type);
    return await this.once(input, `${type}.${move}`, async (find, session) => {
      const requested = { kind, of: workflow, move, input, find, session };
      if (workflow.subject === 'record') return await this.#onRecord(requested);
      if (workflow.parts !== undefined) return await this.#units.make(requested);
      return await (isOfParts(workflow) ? this.#parts : this.#threads).make(requested);
    });
  }

  /** Makes the move that another person of the reader's organisation proposed. */
  async confirm(type: string, workflow: Workflow, input: ProposalInput): Promise<Outcome> {
    const kind = this.kind(type);
    return await this.once(input, `${type}.confirmProposed`, async (find, session) => {
      const subject = await this.#subject(kind, workflow, input, find, session);
      const { reader } = this.parts.readerAccess;
      const proposal = proposalOf(subject.before, reader.organisation, input.proposal);
      refuseOutdated(proposal, subject.record, this.parts.readerAccess.now);
      if (proposal.by.subject === reader.subject)
        throw new Refused('NOT_ALLOWED', [], 'a second person confirms a move: another than who proposed it');
      const attempt = {
        ...this.attempt(proposal.move, input),
        known: subject.known,
        actor: subject.actor,
        input: proposal.input,
      };
      await this.#refuseByHistory(subject, attempt, { find, session });
      this.#refuseUnread(subject, attempt);
      const progress = this.decided(workflow, attempt);
      await this.refuseEndless(workflow, attempt, subject.before, progress, session);
      return this.#moved(kind, subject, { attempt, progress, other: null }, input);
    });
  }

  /** Ends a proposed move without making it. Each person who could make it can dismiss it. */
  async dismiss(type: string, workflow: Workflow, input: ProposalInput): Promise<Outcome> {
    const kind = this.kind(type);
    return await this.once(input, `${type}.dismissProposed`, async (find, session) => {
      const subject = await this.#subject(kind, workflow, input, find, session);
      const { organisation } = this.parts.readerAccess.reader;
      const proposal = proposalOf(subject.before, organisation, input.proposal);
      const at = this.attempt(proposal.move, input);
      const { known, actor } = subject;
      if (!movesFrom(workflow, { known, actor, now: at.now }, this.endOf).includes(proposal.move))
        throw new Refused('NOT_ALLOWED', [], 'only a person who could make the move may dismiss it');
      const entry = this.entry(workflow, input.id, ofRecord, { ...at, known, actor, input: {} }, input);
      const left = (subject.before.proposals ?? []).filter(({ id }) => id !== proposal.id);
      await this.refuseEndless(workflow, proposal, subject.before, subject.before.progress, session);
      return this.#proposed(kind, subject, { ...entry, stage: 'dismissed' }, left);
    });
  }

  async #onRecord({ kind, of, move, input, find, session }: Requested): Promise<Made | Unwritten> {
    const subject = await this.#subject(kind, of, input, find, session);
    const { known, actor } = subject;
    const stated = fromGraph(of, move, valuesIn(input));
    const attempt = { ...this.attempt(move, input), known, actor, input: stated };
    // A proposal is refused for all reasons for which the move would be refused.
    const progress = this.decided(of, attempt);
    await this.#refuseByHistory(subject, attempt, { find, session });
    this.#refuseUnread(subject, attempt);
    const declared = of.moves[move];
    if (declared === undefined || !needsSecondPerson(declared, attempt)) {
      await this.refuseEndless(of, attempt, subject.before, progress, session);
      const { record } = subject;
      const decided = { kind, of, find, session, input, record, attempt };
      const other = (await this.#cases.withOther(decided)) ?? (await this.#files.withOther(decided));
      return this.#moved(kind, subject, { attempt, progress, other }, input);
    }
    const entry = this.entry(of, input.id, ofRecord, attempt, input);
    const proposal = newProposal(entry, subject.record, this.parts.readerAccess);
    const others = refuseSecondProposal(subject.before, entry.by.organisation);
    await this.refuseEndless(of, attempt, subject.before, subject.before.progress, session);
    return this.#proposed(kind, subject, { ...entry, stage: 'proposed' }, [...others, proposal]);
  }

  /** Returns a record that a proposal leaves as it is: other organisations must not learn of it by a new version. */
  #proposed(
    kind: Kind,
    { of, record, before }: Subject,
    entry: Entry,
    proposals: readonly Proposal[],
  ): Unwritten {
    const { progress } = before;
    const { state } = progress;
    const move = { ...entry, from: state, to: state, isHidden: isMasked(of, progress) };
    const at = this.in(of, kind, record.content as Content);
    const also = async (by: ClientSession): Promise<void> =>
      void (await writeMove(this.parts.store, at, move, { progress, proposals }, before, by));
    return { record: record._id, version: record.envelope.version, also };
  }

  async #subject(
    kind: Kind,
    of: Workflow,
    input: MoveInput,
    find: Finder,
    session: ClientSession,
  ): Promise<Subject> {
    const record = await this.found(kind, input, 'move', find);
    const fields = record.content as Content;
    const before = await this.progressOf(input.id, null, session);
    const values = { ...fields, ...before.progress.facts };
    const actor = actorOn(of, this.parts.readerAccess, values, null);
    const { thread } = this.of(kind.type);
    const hasParts = thread !== null && isOfParts(thread);
    const parts = hasParts ? await threadsOf(this.parts.store, input.id, session) : [];
    return { of, record, before, known: { progress: before.progress, fields }, actor, parts };
  }

  /**
   * Returns the next version of a record after a move. Fields that the move states are changed, except hidden ones. A
   * record that shows its state to one side only stays as it is: other readers must not learn of the move by its version.
   */
  #moved(
    kind: Kind,
    { of, record, before, parts }: Subject,
    { attempt, progress: decided, other }: MadeMove,
    input: MoveInput,
  ): Made | Unwritten {
    const { policy, readerAccess, store } = this.parts;
    const effects = this.effects(kind, of, { attempt, progress: decided, record, parts });
    const progress = { ...decided, facts: { ...decided.facts, ...effects.facts } };
    const hidden = policy.decideRow(record.envelope, kind.type, readerAccess)?.hidden ?? new Set();
    const known: Known = { progress, fields: record.content as Content };
    const followed = systemMovesAfter(of, known, attempt.happenedAt, this.endOf);
    const last = followed.at(-1)?.progress ?? progress;
    const fields = Object.entries({
      ...this.fieldsSetBy(kind, of, last, attempt),
      ...effects.fields,
      ...other?.fields,
    });
    const shown = fields.filter(([name]) => !hidden.has(name));
    const content = { ...(record.content as Content), ...Object.fromEntries(shown) };
    const move = {
      ...this.entry(of, input.id, ofRecord, attempt, input),
      from: before.progress.state,
      to: progress.state,
      isHidden: isMasked(of, progress),
    };
    const at = this.in(of, kind, content);
    const also = async (by: ClientSession): Promise<void> => {
      let stored = await writeMove(store, at, move, { progress }, before, by);
      for (const next of followed) {
        const from = stored.progress.state;
        const made = { ...move, ...bySystem, move: next.move, from, to: next.progress.state };
        stored = await writeMove(store, at, made, { progress: next.progress }, stored, by);
      }
      const { exercise } = record.envelope;
      await followOnOthers(store, { ...at, record: of, exercise }, move, by);
      await this.writeParts(kind, content, { ...move, ...bySystem }, effects.parts ?? [], by);
      await other?.also(by);
    };
    if (of.shownTo !== undefined) return { record: record._id, version: record.envelope.version, also };
    const next = nextEnvelope(record, readerAccess.now);
    const envelope = withoutReader(next, this.#closedBy(of, attempt));
    const opened = this.opened(kind, of, { envelope, attempt, effects, content });
    const others = other?.others ?? [];
    return { ...this.remade(kind, record, opened, content, () => true), also, others };
  }

  /** Throws Refused for a ground that the stored moves or other records decide. */
  async #refuseByHistory(
    { of, record }: Subject,
    { input, known, move }: Attempt,
    by: Pick<Requested, 'find' | 'session'>,
  ): Promise<void> {
    await refuseByHistory(of.name, move, { ...this.parts, ...by, record: record._id, input, known });
  }

  /** Returns the organisation that a move takes the record from, if it does. */
  #closedBy({ moves }: Workflow, { move, input }: Pick<Attempt, 'move' | 'input'>): string | null {
    const closes = moves[move]?.closes;
    if (closes === undefined) return null;
    return closes === 'mover' ? this.parts.readerAccess.reader.organisation : organisationIn(input[closes]);
  }

  /** Throws Refused if a move names an organisation as a member that the record's marking does not let read it. */
  #refuseUnread(
    { of, record: { envelope } }: Subject,
    { move, input }: Pick<Attempt, 'move' | 'input'>,
  ): void {
    for (const name of membersNamedBy(of, move)) {
      const named = [input[name]].flat().flatMap((one) => organisationIn(one) ?? []);
      const unread = named.find((one) => !envelope.audience.organisations.includes(one));
      if (unread === undefined) continue;
      throw new Refused(
        'INVALID',
        [name],
        `expected an organisation that may read the record: ask its originator to release it to ${unread} first`,
      );
    }
  }
}

/** A move of the record itself. */
const ofRecord = { organisation: null } as const;
