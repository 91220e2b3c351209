import DataLoader from 'dataloader';
import type { FindCursor, ObjectId } from 'mongodb';
import { HubError } from '../../../schema/errors.ts';
import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import { organisationKey } from '../../../schema/record/keys.ts';
import { movesFrom } from '../../../schema/workflow/engine/decide.ts';
import {
  type EndOfClock,
  type Known,
  type Progress,
  standingFor,
} from '../../../schema/workflow/engine/progress.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { type KindWorkflows, mutationOf, openingMove } from '../../../schema/workflow/served.ts';
import type { Row } from '../read/row.ts';
import type { CommunityStore } from '../store/store.ts';
import { shownValues, toGraph } from './graph-values.ts';
import {
  idOfMove,
  movesIn,
  progressIn,
  type Proposal,
  type StoredMove,
  type StoredProgress,
} from './progress-store.ts';
import { actorOn, isOpener } from './relations.ts';

/** The source of `<Kind>Progress` and `<Kind>Thread` in the graph. */
export type Shown = Readonly<Record<string, unknown>>;

/** A progress that a reader may see, with the relations and the organisation of the reader. */
export type VisibleProgress = {
  readonly of: Workflow;
  readonly organisation: string | null;
  readonly known: Known;
  readonly relations: ReadonlySet<string>;
  readonly reader: string;
  readonly since: Date;
  /** The key of the thread's organisation; null for the record itself. */
  readonly thread: string | null;
  readonly possibleMoves: () => readonly string[];
};

type Parts = {
  readonly store: CommunityStore;
  readonly policy: Policy;
  readonly readerAccess: ReaderAccess;
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
};

/**
 * The workflows of records, as one reader who may read the records sees them. Create one for each request. The query names the
 * reader's organisation, so threads of others are never loaded for a reader who may not see them.
 */
export class Standings {
  readonly #parts: Parts;
  #all: DataLoader<string, readonly StoredProgress[]> | undefined;
  #own: DataLoader<string, readonly StoredProgress[]> | undefined;
  readonly #moves = new Map<boolean, DataLoader<string, readonly ShownMove[]>>();
  readonly #inputs: DataLoader<ObjectId, StoredMove['input'], string>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#inputs = inputLoader(parts.store);
  }

  /** Where a record stands in its workflow; null if it was entered without one. */
  async progress(row: Row): Promise<Shown | null> {
    const of = this.#parts.workflows.get(row.type)?.record ?? null;
    const stored = await this.#ofRecord(row);
    return of === null || stored === null ? null : this.#show(of, row, stored);
  }

  /**
   * The threads that the reader may see: all for the organisation that opened the record, its thread for each other. In a
   * kind whose members open threads, all for each member, and none for others.
   */
  async threads(row: Row): Promise<readonly Shown[]> {
    const kind = this.#parts.workflows.get(row.type);
    const of = kind?.thread ?? null;
    if (kind === undefined || of === null) return [];
    const areByMembers = openingMove(kind) !== null;
    const members = areByMembers ? await this.#members(row) : {};
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, { ...row.content, ...members });
    if (areByMembers && !isOpened) return [];
    const found = await (isOpened ? this.#allProgress() : this.#ownProgress()).load(row.id);
    return found
      .filter(({ organisation }) => organisation !== null)
      .map((stored) => this.#show(of, row, stored, members));
  }

  /** Whether the reader's organisation is a member of the record, for a kind whose members open threads. */
  async isMember(row: Row): Promise<boolean> {
    const of = this.#parts.workflows.get(row.type)?.thread ?? null;
    const members = await this.#members(row);
    return of !== null && isOpener(of, this.#parts.readerAccess.reader, { ...row.content, ...members });
  }

  /** The facts of a record, which name its members. */
  async #members(row: Row): Promise<Shown> {
    return (await this.#ofRecord(row))?.progress.facts ?? {};
  }

  async #ofRecord(row: Row): Promise<StoredProgress | null> {
    const own = await this.#ownProgress().load(row.id);
    return own.find(({ organisation }) => organisation === null) ?? null;
  }

  /** The progress of a record and of its threads that the reader may see, without the fields that are hidden. */
  async visible(row: Row): Promise<readonly VisibleProgress[]> {
    const { readerAccess, workflows } = this.#parts;
    const { record = null, thread = null } = workflows.get(row.type) ?? {};
    const members = { ...row.content, ...(await this.#members(row)) };
    const isOpened = thread !== null && isOpener(thread, readerAccess.reader, members);
    const found = await (isOpened ? this.#allProgress() : this.#ownProgress()).load(row.id);
    return found.flatMap((stored) => {
      const { organisation, progress } = stored;
      const of = organisation === null ? record : thread;
      if (of === null || row.decision.hidden.has(organisation === null ? 'progress' : 'threads')) return [];
      const actor = actorOn(
        of,
        readerAccess,
        { ...row.content, ...progress.facts, ...members },
        organisation,
      );
      const known = seenOf(row, stored);
      const { since } = standingFor(of, known, actor.relations, readerAccess.now, this.#parts.endOf);
      const possibleMoves = () => this.#possibleMoves(of, row, stored, actor);
      const side = { relations: actor.relations, reader: readerAccess.reader.organisation };
      return [
        {
          of,
          organisation,
          known,
          ...side,
          since,
          thread: organisation === null ? null : organisationKey(organisation),
          possibleMoves,
        },
      ];
    });
  }

  #allProgress(): DataLoader<string, readonly StoredProgress[]> {
    this.#all ??= progressLoader(this.#parts.store, {});
    return this.#all;
  }

  #ownProgress(): DataLoader<string, readonly StoredProgress[]> {
    const { organisation } = this.#parts.readerAccess.reader;
    this.#own ??= progressLoader(this.#parts.store, { organisation: { $in: [organisation, null] } });
    return this.#own;
  }

  #history(isOpened: boolean): DataLoader<string, readonly ShownMove[]> {
    const { store, readerAccess } = this.#parts;
    const known = this.#moves.get(isOpened);
    if (known !== undefined) return known;
    const { organisation } = readerAccess.reader;
    const own = { organisation: { $in: [organisation, null] } };
    // Another organisation learns of a move that needs a second person once it is made.
    const made = {
      $or: [{ stage: 'made' }, { 'by.organisation': organisation }],
    };
    const loader = historyLoader(store, { ...(isOpened ? { isHidden: false } : own), ...made });
    this.#moves.set(isOpened, loader);
    return loader;
  }

  /** `members` are the facts of the record that name the members of a thread's record. */
  #show(of: Workflow, row: Row, stored: StoredProgress, members: Shown = {}): Shown {
    const { readerAccess, endOf } = this.#parts;
    const { reader, now } = readerAccess;
    const { organisation } = stored;
    const { hidden } = row.decision;
    // A state that depends on a hidden time would tell it.
    const known = seenOf(row, stored);
    const values = { ...row.content, ...stored.progress.facts, ...members };
    const actor = actorOn(of, readerAccess, values, organisation);
    const standing = standingFor(of, known, actor.relations, now, endOf);
    return {
      ...toGraph(of, without(standing.facts, hidden)),
      ...(organisation !== null && {
        [of.subject]: organisationKey(organisation),
        version: organisation === reader.organisation ? stored.version : null,
      }),
      state: enumValue(standing.state),
      since: standing.since,
      proposal: () => this.#proposal(of, row, stored),
      possibleMoves: async () => [
        ...this.#possibleMoves(of, row, stored, actor),
        ...(organisation === null ? await this.#openingMoves(row, stored) : []),
      ],
      moves: async () => await this.#made(of, row, stored, { ...row.content, ...members }),
    };
  }

  #possibleMoves(
    of: Workflow,
    row: Row,
    stored: StoredProgress,
    actor: ReturnType<typeof actorOn>,
  ): readonly string[] {
    const { readerAccess, endOf } = this.#parts;
    if (!this.#isMovable(row)) return [];
    const known = seenOf(row, stored);
    const moves = movesFrom(of, { known, actor, now: readerAccess.now }, endOf);
    const proposal = this.#proposalIn(stored);
    const isSecond = proposal !== null && proposal.by.subject !== readerAccess.reader.subject;
    const waiting = proposal !== null && moves.includes(proposal.move) ? ['dismissProposed'] : [];
    const second = waiting.length > 0 && isSecond ? ['confirmProposed'] : [];
    return [...moves, ...second, ...waiting].map((move) => mutationOf(of.kind, move));
  }

  /** The move that opens a thread for the reader's organisation, if it can and has none. */
  async #openingMoves(row: Row, { progress }: StoredProgress): Promise<readonly string[]> {
    const { workflows, readerAccess, endOf } = this.#parts;
    const kind = workflows.get(row.type);
    const { thread: of = null } = kind ?? {};
    if (kind === undefined || of === null || openingMove(kind) === null || !this.#isMovable(row)) return [];
    const { organisation } = readerAccess.reader;
    const own = await this.#ownProgress().load(row.id);
    if (own.some((one) => one.organisation === organisation)) return [];
    const actor = actorOn(of, readerAccess, { ...row.content, ...progress.facts }, organisation);
    const moves = movesFrom(of, { known: null, actor, now: readerAccess.now }, endOf);
    return moves.map((move) => mutationOf(of.kind, move));
  }

  #isMovable({ envelope, type }: Row): boolean {
    const { policy, readerAccess } = this.#parts;
    const { recordState } = envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED') return false;
    return policy.may(readerAccess, 'move', type, 'content', envelope);
  }

  /** The move of the reader's organisation that waits for its second person. */
  #proposalIn({ proposals = [] }: StoredProgress): Proposal | null {
    const { organisation } = this.#parts.readerAccess.reader;
    return proposals.find(({ by }) => by.organisation === organisation) ?? null;
  }

  #proposal(of: Workflow, row: Row, stored: StoredProgress): Shown | null {
    const proposal = this.#proposalIn(stored);
    if (proposal === null) return null;
    const { id, move, by, at, input } = proposal;
    const { reader } = this.#parts.readerAccess;
    const isShown = (name: string): boolean => !row.decision.hidden.has(name);
    return {
      id,
      move: mutationOf(of.kind, move),
      at,
      isOwn: by.subject === reader.subject,
      values: shownValues(of, move, input, isShown),
    };
  }

  /** The moves of a record or a thread, without those that are hidden from the reader's side. */
  async #made(
    of: Workflow,
    row: Row,
    { organisation }: StoredProgress,
    values: Shown,
  ): Promise<readonly Shown[]> {
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, values);
    const made = await this.#history(isOpened).load(row.id);
    return made
      .filter((move) => move.organisation === organisation)
      .map((move) => this.#shownMove(of, row, move));
  }

  #shownMove(
    of: Workflow,
    row: Row,
    { _id, move, stage, by, happenedAt, recordedAt, late }: ShownMove,
  ): Shown {
    const declared = of.moves[move]?.input ?? {};
    const isOwn = by.organisation === this.#parts.readerAccess.reader.organisation;
    const isShown = (name: string): boolean =>
      !row.decision.hidden.has(name) && (isOwn || declared[name]?.own !== true);
    return {
      id: idOfMove(_id),
      move,
      stage: enumValue(stage),
      by: organisationKey(by.organisation),
      happenedAt,
      recordedAt,
      lateReason: late?.reason ?? null,
      lateChannel: late?.channel ?? null,
      values: async () => shownValues(of, move, await this.#inputs.load(_id), isShown),
    };
  }
}

/** The progress of a record or a thread without the fields that are hidden from the reader. */
function seenOf({ content, decision: { hidden } }: Row, { progress }: StoredProgress): Known {
  return { progress: withoutFacts(progress, hidden), fields: without(content, hidden) };
}

function withoutFacts(progress: Progress, hidden: ReadonlySet<string>): Progress {
  const { former, facts } = progress;
  return { ...progress, facts: without(facts, hidden), former: former && withoutFacts(former, hidden) };
}

/** Returns the facts without those that are fields of the record in a portion that the reader may not see. */
function without(facts: Shown, hidden: ReadonlySet<string>): Shown {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !hidden.has(name)));
}

/** A move as far as the history shows it. */
type ShownMove = Pick<
  StoredMove,
  'organisation' | 'move' | 'stage' | 'by' | 'happenedAt' | 'recordedAt' | 'late' | 'record'
> & { readonly _id: ObjectId };

const shownMembers = {
  record: 1,
  organisation: 1,
  move: 1,
  stage: 1,
  by: 1,
  happenedAt: 1,
  recordedAt: 1,
  late: 1,
} as const;

function historyLoader(
  store: CommunityStore,
  filter: Readonly<Record<string, unknown>>,
): DataLoader<string, readonly ShownMove[]> {
  return new DataLoader(async (records) => {
    const query = { ...filter, record: { $in: [...records] } };
    const cursor = movesIn(store).find(query).project<ShownMove>(shownMembers);
    const found = await atMost(cursor.sort({ recordedAt: 1, _id: 1 }), maxMovesRead);
    return records.map((id) => found.filter(({ record }) => record === id));
  });
}

function inputLoader(store: CommunityStore): DataLoader<ObjectId, StoredMove['input'], string> {
  const load = async (ids: readonly ObjectId[]): Promise<StoredMove['input'][]> => {
    if (ids.length > maxInputsRead)
      throw new HubError(
        'BAD_USER_INPUT',
        `expected the values of ${maxInputsRead} moves at most: ask for fewer records`,
      );
    const cursor = movesIn(store).find({ _id: { $in: [...ids] } });
    const found = await cursor.project<Pick<StoredMove, 'input'> & { _id: ObjectId }>({ input: 1 }).toArray();
    const inputs = new Map(found.map(({ _id, input }) => [_id.toHexString(), input]));
    return ids.map((id) => inputs.get(id.toHexString()) ?? {});
  };
  return new DataLoader(load, { cacheKeyFn: (id) => id.toHexString() });
}

function progressLoader(
  store: CommunityStore,
  filter: Readonly<Record<string, unknown>>,
): DataLoader<string, readonly StoredProgress[]> {
  return new DataLoader(async (records) => {
    const query = { ...filter, record: { $in: [...records] } };
    const found = await atMost(progressIn(store).find(query).sort({ organisation: 1 }), maxThreadsRead);
    return records.map((id) => found.filter(({ record }) => record === id));
  });
}

/** The most threads and the most moves of one read. A thread can have some 10 KB of text for each fact. */
const maxThreadsRead = 1000;
const maxInputsRead = 200;
const maxMovesRead = 10_000;

/** Reads all results of a query. Throws BAD_USER_INPUT for more than `most`, without reading the rest. */
async function atMost<Result>(cursor: FindCursor<Result>, most: number): Promise<readonly Result[]> {
  const found = await cursor.limit(most + 1).toArray();
  if (found.length > most)
    throw new HubError('BAD_USER_INPUT', `expected ${most} threads or moves at most: ask for fewer records`);
  return found;
}
