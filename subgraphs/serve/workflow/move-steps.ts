import type { ClientSession } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Addressed } from '../../../schema/protocol/addressed.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { decide, lateEntry } from '../../../schema/workflow/engine/decide.ts';
import type { EndOfClock, Progress } from '../../../schema/workflow/engine/progress.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { type KindWorkflows, stateFieldOf } from '../../../schema/workflow/served.ts';
import type { FileRegimes } from '../../../schema/workflow/regime/file-regimes.ts';
import { type ChangeParts, ChangeSteps, type Keyed } from '../changes/change-steps.ts';
import type { Finder } from '../changes/find-record.ts';
import { notFound, Refused } from '../changes/refused.ts';
import type { Made } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { schemaOf } from '../store/collections.ts';
import { fieldsOfFacts, holdsAsStated, showsStates } from './graph-values.ts';
import type { Entered, MoveInput } from './move-input.ts';
import type { Effects, Moved, PartChange } from './effect.ts';
import { effectsOf } from './effects.ts';
import { openedBy, withReaders } from './members.ts';
import type { Threaded } from './parties.ts';
import {
  type MovedIn,
  movesIn,
  progressId,
  progressIn,
  type StoredMove,
  type StoredProgress,
  writeMove,
} from './progress-store.ts';
import { refuseByGround } from './refusals.ts';
import { without } from './seen-progress.ts';

/** The most characters of the reason and of the channel of a late entry. */
const maxLate = 2000;

/** The dependencies of one request's moves. */
export type MoveParts = ChangeParts & {
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
  readonly regimes: FileRegimes | null;
  /** The hub's statement about the addressees of the new record. Null if it made none. */
  readonly addressed: Addressed | null;
};

/** A move that a reader asks for, in the transaction that decides it. */
export type Requested = {
  readonly kind: Kind;
  readonly of: Workflow;
  readonly move: string;
  readonly input: MoveInput;
  readonly find: Finder;
  readonly session: ClientSession;
};

/** The steps that first and later moves share. */
export class MoveSteps extends ChangeSteps {
  protected readonly endOf: EndOfClock;
  protected readonly regimes: FileRegimes | null;
  protected readonly addressed: Addressed | null;
  readonly #workflows: ReadonlyMap<string, KindWorkflows>;

  constructor({ workflows, endOf, regimes, addressed, ...parts }: MoveParts) {
    super(parts);
    this.#workflows = workflows;
    this.endOf = endOf;
    this.regimes = regimes;
    this.addressed = addressed;
  }

  protected attempt(
    move: string,
    { happenedAt, late }: Entered,
  ): Pick<Attempt, 'move' | 'now' | 'happenedAt' | 'late'> {
    const { now } = this.parts.readerAccess;
    const at = happenedAt ?? now;
    const isLate = now.getTime() - at.getTime() > lateEntry.silentMs;
    if (isLate && [late?.reason ?? '', late?.channel ?? ''].some((text) => text.length > maxLate))
      throw new Refused('INVALID', ['late'], `expected ${maxLate} characters at most`);
    return { move, now, happenedAt: at, late: isLate ? (late ?? null) : null };
  }

  protected decided(of: Workflow, attempt: Attempt): Progress {
    const decided = decide(of, attempt, this.endOf);
    if ('progress' in decided) {
      refuseByGround(of.name, attempt, this.endOf);
      return decided.progress;
    }
    const { code, path, message } = decided.refused;
    throw new Refused(code, path, message);
  }

  protected entry(
    of: Workflow,
    record: string,
    thread: Threaded,
    attempt: Attempt,
    { key }: Keyed,
  ): Omit<StoredMove, 'from' | 'to' | 'isHidden'> {
    const { reader, now } = this.parts.readerAccess;
    const by = { organisation: reader.organisation, subject: reader.subject };
    const { move, happenedAt, late, input } = attempt;
    return {
      record,
      workflow: of.name,
      organisation: thread.organisation,
      part: thread.part ?? null,
      move,
      stage: 'made',
      by,
      happenedAt,
      recordedAt: now,
      late,
      input,
      key,
    };
  }

  /**
   * Returns the fields of the record that a move of the record changes: times that the workflow sets, values that the
   * person states, organisations and choices that it remembers, and the state if the field has all states of the workflow.
   */
  protected fieldsSetBy(
    kind: Kind,
    of: Workflow,
    { facts, state }: Progress,
    attempt: Pick<Attempt, 'move' | 'input'>,
  ): Content {
    const fields = this.fieldsOf(kind);
    const stated = of.moves[attempt.move]?.input ?? {};
    const plain = Object.entries(attempt.input).filter(([name]) => {
      const value = stated[name];
      return value !== undefined && value.own !== true && holdsAsStated(this.schema, kind.type, name, value);
    });
    const times = Object.entries(facts).filter(([, value]) => value instanceof Date);
    const named = Object.entries(fieldsOfFacts(this.schema, kind.type, of, facts));
    const changed = [...plain, ...times, ...named].filter(([name]) => fields.has(name));
    return {
      ...Object.fromEntries(changed),
      ...(showsStates(this.schema, kind.type, of) && { [stateFieldOf(of)]: enumValue(state) }),
    };
  }

  /** Returns where a move is made: its workflow, and the content of the record after it. */
  protected in(of: Workflow, kind: Kind, content: Content): MovedIn {
    return { of, kind, content, thread: this.of(kind.type).thread, endOf: this.endOf };
  }

  /** Returns the effects of a move of a record that its declaration states in words. */
  protected effects(
    kind: Kind,
    of: Workflow,
    {
      record: { envelope, content },
      ...moved
    }: Pick<Moved, 'attempt' | 'progress' | 'parts'> & {
      readonly record: { readonly envelope: Envelope; readonly content: unknown };
    },
  ): Effects {
    const { regimes } = this;
    const fields = this.fieldsOf(kind);
    const { record, thread } = this.of(kind.type);
    const values = [...[record, thread].flatMap((one) => valuesOfMoves(one)), 'lateReason', 'lateChannel'];
    return effectsOf(of.name, { ...moved, envelope, content: content as Content, fields, values, regimes });
  }

  /**
   * Returns the envelope after a move, with the portions that it makes. If the move opens the record, the audience names
   * further organisations; throws Refused unless a person of the originator makes it.
   */
  protected opened(
    kind: Kind,
    of: Workflow,
    {
      envelope,
      attempt: { move, input },
      effects: { portions, opens = [] },
      content,
    }: {
      readonly envelope: Envelope;
      readonly attempt: Attempt;
      readonly effects: Effects;
      readonly content: Content;
    },
  ): Envelope {
    const made =
      portions === undefined
        ? envelope
        : { ...envelope, portions: schemaOf(this.parts.store, kind.type).portionsToStore(portions) };
    if (of.moves[move]?.opens === undefined) return made;
    if (!this.mayWiden(kind, envelope))
      throw new Refused('NOT_ALLOWED', [], 'only a person of its originator opens a record to other readers');
    const named = [...openedBy(of, move, input), ...opens];
    return { ...withReaders(made, named), ...kind.says?.(content) };
  }

  /** Writes the moves in parts of a record that follow from a move. */
  protected async writeParts(
    kind: Kind,
    content: Content,
    move: Omit<StoredMove, 'from' | 'to' | 'isHidden'>,
    parts: readonly PartChange[],
    session: ClientSession,
  ): Promise<void> {
    const { thread: of } = this.of(kind.type);
    if (of === null || parts.length === 0) return;
    for (const { part, move: name, before, progress } of parts) {
      const states = { from: before?.progress.state ?? null, to: progress.state, isHidden: false };
      const made = { ...move, ...states, workflow: of.name, organisation: null, part, move: name };
      await writeMove(this.parts.store, this.in(of, kind, content), made, { progress }, before, session);
    }
  }

  /**
   * Limits the moves of the reader's organisation that keep the state. Throws Refused above the limit. A move that takes the
   * record from an organisation has a limit ten times higher, because it must stay possible. Moves that change the state,
   * and those of other organisations, do not count.
   */
  protected async refuseEndless(
    { moves, maxMoves: most }: Workflow,
    { move }: Pick<Attempt, 'move'>,
    { record, organisation, progress: { state } }: StoredProgress,
    progress: Progress,
    session: ClientSession,
  ): Promise<void> {
    if (progress.state !== state) return;
    const maxMoves = moves[move]?.closes === undefined ? most : 10 * most;
    const own = { 'by.organisation': this.parts.readerAccess.reader.organisation };
    const kept = { record, organisation, ...own, $expr: { $eq: ['$from', '$to'] } };
    const count = await movesIn(this.parts.store).countDocuments(kept, { session, limit: maxMoves });
    if (count >= maxMoves)
      throw new Refused(
        'CLOSED',
        ['id'],
        `expected ${maxMoves} moves of your organisation at most: make one that changes the state`,
      );
  }

  protected async progressOf(
    record: string,
    organisation: string | null,
    session: ClientSession,
  ): Promise<StoredProgress> {
    const found = await this.findProgress(record, organisation, session);
    if (found === null) throw notFound();
    return found;
  }

  protected async findProgress(
    record: string,
    organisation: string | null,
    session: ClientSession,
  ): Promise<StoredProgress | null> {
    return await progressIn(this.parts.store).findOne(
      { _id: progressId(record, { organisation }) },
      { session },
    );
  }

  /** Returns the content of a record without the fields that are hidden from the reader. */
  protected visibleOf(kind: Kind, { envelope, content }: StoredRecord): Content {
    const { policy, readerAccess } = this.parts;
    const hidden = policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set<string>();
    return without(content as Content, hidden);
  }

  /** Returns a new record that a move makes in the same transaction, with its join rows. */
  protected newRecord(kind: Kind, { envelope, content }: Pick<Made, 'envelope' | 'content'>): Made {
    const id = `${kind.type}:${randomUUID()}`;
    const made = { kind, before: null, id, envelope, content, sortAt: null, keeps: () => false };
    return { ...made, ...this.named(kind, envelope, content) };
  }

  protected of(type: string): KindWorkflows {
    const of = this.#workflows.get(type);
    if (of === undefined) throw new Error(`expected a kind with a workflow, got ${type}`);
    return of;
  }
}

/** Returns the names of the values that the moves of a workflow state and that it does not remember. */
function valuesOfMoves(of: Workflow | null): readonly string[] {
  const stated = Object.values(of?.moves ?? {}).flatMap(({ input }) => Object.keys(input));
  return stated.filter((name) => !Object.hasOwn(of?.facts ?? {}, name));
}

/** A move of the system has no values and no key of a client, and was made by no person. */
export const bySystem = { by: { organisation: '', subject: '' }, late: null, input: {}, key: '' } as const;
