import DataLoader from 'dataloader';
import type { FindCursor, ObjectId } from 'mongodb';
import { HubError } from '../../../schema/errors.ts';
import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import { organisationKey } from '../../../schema/record/keys.ts';
import { movesFrom } from '../../../schema/workflow/engine/decide.ts';
import { type EndOfClock, type Known, standingFor } from '../../../schema/workflow/engine/progress.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { type KindWorkflows, mutationOf } from '../../../schema/workflow/served.ts';
import type { Row } from '../read/row.ts';
import type { CommunityStore } from '../store/store.ts';
import { shownValues, toGraph } from './graph-values.ts';
import {
  movesIn,
  progressIn,
  type Proposal,
  type StoredMove,
  type StoredProgress,
} from './progress-store.ts';
import { actorOn, isOpener } from './relations.ts';

/** The source of `<Kind>Progress` and `<Kind>Thread` in the graph. */
export type Shown = Readonly<Record<string, unknown>>;

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
    const [stored] = (await this.#ownProgress().load(row.id)).filter(
      ({ organisation }) => organisation === null,
    );
    return of === null || stored === undefined ? null : this.#show(of, row, stored);
  }

  /** The threads that the reader may see: all for the organisation that opened the record, its thread for each other. */
  async threads(row: Row): Promise<readonly Shown[]> {
    const of = this.#parts.workflows.get(row.type)?.thread ?? null;
    if (of === null) return [];
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, row.content);
    const found = await (isOpened ? this.#allProgress() : this.#ownProgress()).load(row.id);
    return found
      .filter(({ organisation }) => organisation !== null)
      .map((stored) => this.#show(of, row, stored));
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

  #show(of: Workflow, row: Row, stored: StoredProgress): Shown {
    const { readerAccess, endOf } = this.#parts;
    const { reader, now } = readerAccess;
    const { organisation } = stored;
    const known: Known = { progress: stored.progress, fields: row.content };
    const actor = actorOn(of, readerAccess, { ...row.content, ...stored.progress.facts }, organisation);
    const standing = standingFor(of, known, actor.relations, now, endOf);
    return {
      ...toGraph(of, without(standing.facts, row.decision.hidden)),
      ...(organisation !== null && {
        [of.subject]: organisationKey(organisation),
        version: organisation === reader.organisation ? stored.version : null,
      }),
      state: enumValue(standing.state),
      since: standing.since,
      proposal: () => this.#proposal(of, row, stored),
      possibleMoves: () => this.#possibleMoves(of, row, stored, actor),
      moves: async () => await this.#made(of, row, stored),
    };
  }

  #possibleMoves(
    of: Workflow,
    row: Row,
    stored: StoredProgress,
    actor: ReturnType<typeof actorOn>,
  ): readonly string[] {
    const { policy, readerAccess, endOf } = this.#parts;
    const { recordState } = row.envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED') return [];
    if (!policy.may(readerAccess, 'move', row.type, 'content', row.envelope)) return [];
    const known: Known = { progress: stored.progress, fields: row.content };
    const moves = movesFrom(of, { known, actor, now: readerAccess.now }, endOf);
    const proposal = this.#proposalIn(stored);
    const isSecond = proposal !== null && proposal.by.subject !== readerAccess.reader.subject;
    const waiting = proposal !== null && moves.includes(proposal.move) ? ['dismissProposed'] : [];
    const second = waiting.length > 0 && isSecond ? ['confirmProposed'] : [];
    return [...moves, ...second, ...waiting].map((move) => mutationOf(of.kind, move));
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
  async #made(of: Workflow, row: Row, { organisation }: StoredProgress): Promise<readonly Shown[]> {
    const { id, content } = row;
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, content);
    const made = await this.#history(isOpened).load(id);
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
