import DataLoader from 'dataloader';
import type { FindCursor } from 'mongodb';
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
import { toGraph } from './graph-values.ts';
import { movesIn, progressIn, type StoredMove, type StoredProgress } from './progress-store.ts';
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

  constructor(parts: Parts) {
    this.#parts = parts;
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
    const own = { organisation: { $in: [readerAccess.reader.organisation, null] } };
    const loader = historyLoader(store, isOpened ? { isHidden: false } : own);
    this.#moves.set(isOpened, loader);
    return loader;
  }

  #show(of: Workflow, row: Row, stored: StoredProgress): Shown {
    const { readerAccess, endOf } = this.#parts;
    const { reader, now } = readerAccess;
    const { organisation } = stored;
    const known: Known = { progress: stored.progress, fields: row.content };
    const actor = actorOn(of, readerAccess, row.content, organisation);
    const standing = standingFor(of, known, actor.relations, now, endOf);
    return {
      ...toGraph(of, without(standing.facts, row.decision.hidden)),
      ...(organisation !== null && {
        [of.subject]: organisationKey(organisation),
        version: organisation === reader.organisation ? stored.version : null,
      }),
      state: enumValue(standing.state),
      since: standing.since,
      possibleMoves: () => this.#possibleMoves(of, row, known, actor),
      moves: async () => await this.#made(of, row, stored),
    };
  }

  #possibleMoves(of: Workflow, row: Row, known: Known, actor: ReturnType<typeof actorOn>): readonly string[] {
    const { policy, readerAccess, endOf } = this.#parts;
    const { recordState } = row.envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED') return [];
    if (!policy.may(readerAccess, 'move', row.type, 'content', row.envelope)) return [];
    return movesFrom(of, { known, actor, now: readerAccess.now }, endOf).map((move) =>
      mutationOf(of.kind, move),
    );
  }

  /** The moves of a record or a thread, without those that are hidden from the reader's side. */
  async #made(
    of: Workflow,
    { id, content }: Row,
    { organisation }: StoredProgress,
  ): Promise<readonly Shown[]> {
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, content);
    const made = await this.#history(isOpened).load(id);
    return made.filter((move) => move.organisation === organisation).map(toShown);
  }
}

/** Returns the facts without those that are fields of the record in a portion that the reader may not see. */
function without(facts: Shown, hidden: ReadonlySet<string>): Shown {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !hidden.has(name)));
}

/** A move as far as the history shows it. */
type ShownMove = Pick<
  StoredMove,
  'organisation' | 'move' | 'by' | 'happenedAt' | 'recordedAt' | 'late' | 'record'
>;

const shownMembers = {
  record: 1,
  organisation: 1,
  move: 1,
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
const maxMovesRead = 10_000;

/** Reads all results of a query. Throws BAD_USER_INPUT for more than `most`, without reading the rest. */
async function atMost<Result>(cursor: FindCursor<Result>, most: number): Promise<readonly Result[]> {
  const found = await cursor.limit(most + 1).toArray();
  if (found.length > most)
    throw new HubError('BAD_USER_INPUT', `expected ${most} threads or moves at most: ask for fewer records`);
  return found;
}

function toShown({ move, by, happenedAt, recordedAt, late }: ShownMove): Shown {
  return {
    move,
    by: organisationKey(by.organisation),
    happenedAt,
    recordedAt,
    lateReason: late?.reason ?? null,
    lateChannel: late?.channel ?? null,
  };
}
