import type { ClientSession } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { organisationKey } from '../../../schema/record/keys.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { decide, lateEntry } from '../../../schema/workflow/engine/decide.ts';
import type { EndOfClock, Known, Progress } from '../../../schema/workflow/engine/progress.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { creatingMove, type KindWorkflows } from '../../../schema/workflow/served.ts';
import { checkContent } from '../changes/check-content.ts';
import { type ChangeParts, ChangeSteps, type Keyed, loaded, staleVersion } from '../changes/change-steps.ts';
import { newEnvelope, nextEnvelope } from '../changes/envelopes.ts';
import type { Finder } from '../changes/find-record.ts';
import { mayNotCreate } from '../changes/not-allowed.ts';
import type { Reading } from '../changes/reading.ts';
import { notFound, Refused } from '../changes/refused.ts';
import type { Made, Outcome, Unwritten } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { noAudience } from '../record/marking.ts';
import { fromGraph } from './graph-values.ts';
import { maxMoves, type StoredProgress, progressId, progressIn, writeMove } from './progress-store.ts';
import {
  addresseesOf,
  type CreatingInput,
  type Entered,
  fieldsNamed,
  type MoveInput,
  organisationOf,
  valuesIn,
} from './move-input.ts';
import { refuseByGround } from './refusals.ts';
import { actorOn, isOpener } from './relations.ts';

/** The most characters of the reason and of the channel of a late entry. */
const maxLate = 2000;

type Parts = ChangeParts & {
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
};

/**
 * The moves that one reader makes in the workflows of a community. The policy decides first whether the reader may move
 * the record at all; then the declaration decides on this move. A move is one transaction with its history, and is made
 * once for each key of its subject.
 */
export class Moves extends ChangeSteps {
  readonly #workflows: ReadonlyMap<string, KindWorkflows>;
  readonly #endOf: EndOfClock;

  constructor({ workflows, endOf, ...parts }: Parts) {
    super(parts);
    this.#workflows = workflows;
    this.#endOf = endOf;
  }

  /** Creates a record by the first move of its workflow, and a thread for each addressee. */
  async create(type: string, input: CreatingInput): Promise<Outcome> {
    const kind = this.kind(type);
    const first = creatingMove(this.#of(type));
    if (first === null) throw new Error(`expected a kind that a move creates, got ${type}`);
    return await this.once(
      input,
      `${type}.${first.move}`,
      async () => await this.#created(kind, first, input),
    );
  }

  /** Makes a move on a record or on one of its threads. */
  async make(type: string, workflow: Workflow, move: string, input: MoveInput): Promise<Outcome> {
    const kind = this.kind(type);
    const isThread = workflow.subject !== 'record';
    return await this.once(input, `${type}.${move}`, async (find, session) =>
      isThread
        ? await this.#inThread(kind, workflow, move, input, find, session)
        : await this.#onRecord(kind, workflow, move, input, find, session),
    );
  }

  async #created(
    kind: Kind,
    { of, move }: { readonly of: Workflow; readonly move: string },
    input: CreatingInput,
  ): Promise<Made> {
    const addressees = addresseesOf(input.addressees, this.parts.readerAccess.reader.organisation);
    const given = await this.#contentOf(kind, of, input, addressees);
    const attempt = this.#firstAttempt(of, move, input, given, addressees);
    const progress = this.#decided(of, attempt);
    const content = { ...given, ...this.#fieldsSetBy(kind, progress) };
    checkContent(this.schema, kind, content);
    const envelope = newEnvelope(
      this.parts,
      kind,
      content,
      this.#readingBy(kind, of, move, input, addressees),
    );
    const access = { action: 'move', kind: kind.type, group: 'content' } as const;
    if (!this.mayOn('move', kind, envelope)) throw mayNotCreate(this.parts, access, envelope, []);
    const id = `${kind.type}:${randomUUID()}`;
    const starts = this.#startsOf(kind.type, of, progress, addressees);
    // The record has its content: the history keeps only what is stated in addition.
    const stated = { ...attempt, input: fromGraph(of, move, valuesIn(input)) };
    const also = async (session: ClientSession): Promise<void> => {
      for (const { workflow, organisation, start } of starts) {
        const entry = this.#entry(workflow, id, organisation, stated, input);
        const made = { ...entry, from: null, to: start.state, isHidden: false };
        await writeMove(this.parts.store, made, start, null, session);
      }
    };
    const made = { kind, before: null, id, envelope, content, sortAt: null, keeps: () => false, also };
    return { ...made, ...this.named(kind, envelope, content) };
  }

  #firstAttempt(
    of: Workflow,
    move: string,
    input: CreatingInput,
    content: Content,
    addressees: readonly string[],
  ): Attempt {
    const named = Object.hasOwn(of.moves[move]?.input ?? {}, 'addressees') && { addressees };
    const values = fromGraph(of, move, { ...fieldsNamed(of, move, content), ...valuesIn(input), ...named });
    const actor = actorOn(of, this.parts.readerAccess, content, null);
    return { ...this.#attempt(move, input), known: null, actor, input: values };
  }

  /** Returns where the record and each of its threads begin. */
  #startsOf(type: string, of: Workflow, progress: Progress, addressees: readonly string[]) {
    const { record, thread } = this.#of(type);
    const start = thread === of || thread === null ? progress : startOf(thread, progress.since);
    return [
      ...(record === null ? [] : [{ workflow: record, organisation: null, start: progress }]),
      ...(thread === null ? [] : addressees.map((one) => ({ workflow: thread, organisation: one, start }))),
    ];
  }

  /** Takes content, with the asking organisation and the addressees in the fields that name them. */
  async #contentOf(
    kind: Kind,
    of: Workflow,
    input: CreatingInput,
    addressees: readonly string[],
  ): Promise<Content> {
    const { reader } = this.parts.readerAccess;
    const { thread } = this.#of(kind.type);
    const named = thread?.relations[thread.subject]?.field;
    const byMove = Object.fromEntries(
      Object.entries(of.relations).flatMap(([name, { field }]) =>
        field === undefined || name === thread?.subject ? [] : [[field, reader.organisation]],
      ),
    );
    const given = { ...input.content, ...byMove, ...(named !== undefined && { [named]: addressees }) };
    return (await this.take(kind, { ...given, ...firstState[kind.type] })).content;
  }

  /** Returns the reading of a new record. Every addressee must be able to read it, and only the opener the own fields. */
  #readingBy(
    kind: Kind,
    of: Workflow,
    move: string,
    input: CreatingInput,
    addressees: readonly string[],
  ): Reading {
    const { organisation } = this.parts.readerAccess.reader;
    const all = [organisation, ...addressees];
    const named = { organisations: all.flatMap((one) => organisationKey(one) ?? []) };
    const given = input.reading ?? {
      marking: { tlp: 'AMBER' as const },
      audience: { reach: 'NAMED' as const, ...named },
    };
    const reading = this.readingOf(kind, given);
    const missing = all.find((one) => !reading.audience.organisations.includes(one));
    if (missing !== undefined)
      throw new Refused(
        'INVALID',
        ['reading', 'audience', 'organisations'],
        `expected ${missing} among the recipients, because it takes part`,
      );
    const own = Object.entries(of.moves[move]?.input ?? {}).filter(
      ([name, value]) => value.own === true && this.fieldsOf(kind).has(name),
    );
    // A wider colour would open the own fields to a whole community, whatever their audience is.
    const marking = { ...reading.marking, tlp: 'AMBER_STRICT' as const };
    const audience = { ...noAudience, reach: 'NAMED' as const, organisations: [organisation] };
    return {
      ...reading,
      portions: [...reading.portions, ...own.map(([path]) => ({ path, marking, audience }))],
    };
  }

  async #inThread(
    kind: Kind,
    of: Workflow,
    move: string,
    input: MoveInput,
    find: Finder,
    session: ClientSession,
  ): Promise<Unwritten> {
    const { reader } = this.parts.readerAccess;
    const envelope = await this.admitted(kind, input.id, 'move', find);
    const { content } = (await loaded(kind, input.id, find)) as { readonly content: Content };
    const organisation = organisationOf(input[of.subject] ?? reader.organisation);
    const isOpened = isOpener(of, reader, content);
    // Other readers must not learn which organisations have a thread.
    if (organisation === null || (!isOpened && organisation !== reader.organisation)) throw notFound();
    const before = await this.#progressOf(input.id, organisation, session);
    const isOwn = organisation === reader.organisation;
    if (input.expectedVersion !== (isOwn ? before.version : envelope.version)) throw staleVersion();
    const known: Known = { progress: before.progress, fields: content };
    const actor = actorOn(of, this.parts.readerAccess, content, organisation);
    const { [of.subject]: _thread, ...values } = valuesIn(input);
    const attempt = { ...this.#attempt(move, input), known, actor, input: fromGraph(of, move, values) };
    const progress = this.#decided(of, attempt);
    refuseEndless(before, progress);
    const entry = this.#entry(of, input.id, organisation, attempt, input);
    const from = before.progress.state;
    const also = async (by: ClientSession): Promise<void> =>
      await writeMove(
        this.parts.store,
        { ...entry, from, to: progress.state, isHidden: isMasked(of, progress) },
        progress,
        before,
        by,
      );
    return { record: input.id, version: envelope.version, also };
  }

  async #onRecord(
    kind: Kind,
    of: Workflow,
    move: string,
    input: MoveInput,
    find: Finder,
    session: ClientSession,
  ): Promise<Made> {
    const record = await this.found(kind, input, 'move', find);
    const content = record.content as Content;
    const before = await this.#progressOf(input.id, null, session);
    const actor = actorOn(of, this.parts.readerAccess, content, null);
    const known: Known = { progress: before.progress, fields: content };
    const attempt = {
      ...this.#attempt(move, input),
      known,
      actor,
      input: fromGraph(of, move, valuesIn(input)),
    };
    const progress = this.#decided(of, attempt);
    refuseEndless(before, progress);
    const entry = {
      ...this.#entry(of, input.id, null, attempt, input),
      from: before.progress.state,
      to: progress.state,
      isHidden: isMasked(of, progress),
    };
    const also = async (by: ClientSession): Promise<void> =>
      await writeMove(this.parts.store, entry, progress, before, by);
    return { ...this.#moved(kind, record, progress), also };
  }

  /** Returns the next version of a record. Facts of the workflow that are fields of its content are written there too. */
  #moved(kind: Kind, before: StoredRecord, progress: Progress): Made {
    const content = { ...(before.content as Content), ...this.#fieldsSetBy(kind, progress) };
    return this.remade(kind, before, nextEnvelope(before, this.parts.readerAccess.now), content, () => true);
  }

  /** Returns the times that a workflow sets and that are fields of the record too. */
  #fieldsSetBy(kind: Kind, { facts }: Progress): Content {
    const fields = this.fieldsOf(kind);
    return Object.fromEntries(
      Object.entries(facts).filter(([name, value]) => fields.has(name) && value instanceof Date),
    );
  }

  async #progressOf(
    record: string,
    organisation: string | null,
    session: ClientSession,
  ): Promise<StoredProgress> {
    const found = await progressIn(this.parts.store).findOne(
      { _id: progressId(record, organisation) },
      { session },
    );
    if (found === null) throw notFound();
    return found;
  }

  #attempt(
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

  #decided(of: Workflow, attempt: Attempt): Progress {
    const decided = decide(of, attempt, this.#endOf);
    if ('progress' in decided) {
      refuseByGround(of.name, attempt.move, attempt, this.#endOf);
      return decided.progress;
    }
    const { code, path, message } = decided.refused;
    throw new Refused(code, path, message);
  }

  #entry(of: Workflow, record: string, organisation: string | null, attempt: Attempt, { key }: Keyed) {
    const { reader, now } = this.parts.readerAccess;
    const by = { organisation: reader.organisation, subject: reader.subject };
    const { move, happenedAt, late, input } = attempt;
    return {
      record,
      workflow: of.name,
      organisation,
      move,
      by,
      happenedAt,
      recordedAt: now,
      late,
      input,
      key,
    };
  }

  #of(type: string): KindWorkflows {
    const of = this.#workflows.get(type);
    if (of === undefined) throw new Error(`expected a kind with a workflow, got ${type}`);
    return of;
  }
}

/** Throws Refused for a move too many that keeps the state. One that changes it is never refused for their number. */
function refuseEndless({ version, progress: { state } }: StoredProgress, progress: Progress): void {
  if (version >= maxMoves && progress.state === state)
    throw new Refused(
      'CLOSED',
      ['id'],
      `expected ${maxMoves} moves at most: make one that changes the state`,
    );
}

/** Returns whether a mask hides a standing from one of the sides. */
function isMasked({ masks }: Workflow, { state }: Progress): boolean {
  return masks.some(({ states }) => states.includes(state));
}

function startOf(workflow: Workflow, since: Date): Progress {
  const [state = ''] = Object.entries(workflow.states).find(([, { initial }]) => initial === true) ?? [];
  return { state, since, facts: {}, former: null };
}

/** The deprecated field `state` of a new record. The states of its threads and of its progress count. */
const firstState: Readonly<Record<string, Content>> = {
  DeconflictionHold: { state: 'ASKED' },
  InformationRequest: { state: 'SENT' },
};
