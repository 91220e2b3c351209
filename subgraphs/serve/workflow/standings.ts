import type DataLoader from 'dataloader';
import type { ObjectId } from 'mongodb';
import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import { organisationKey } from '../../../schema/record/keys.ts';
import { movesFrom } from '../../../schema/workflow/engine/decide.ts';
import { type EndOfClock, type Known, standingFor } from '../../../schema/workflow/engine/progress.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { isKnown, sinceOpening } from '../../../schema/workflow/language/opening.ts';
import {
  areVersionsOfThreads,
  isOfParts,
  type KindWorkflows,
  mutationOf,
  openingMove,
} from '../../../schema/workflow/served.ts';
import type { Row } from '../read/row.ts';
import type { CommunityStore } from '../store/store.ts';
import { shownValues, toGraph } from './graph-values.ts';
import { idOfMove, type Proposal, type StoredMove, type StoredProgress } from './progress-store.ts';
import { historyLoader, inputLoader, progressLoader, type ShownMove } from './standing-loaders.ts';
import { findMatches, type Match, mayOffer, type Wanted } from './kinds/booking-matches.ts';
import { hasPlatformIncident } from './kinds/platform-incidents.ts';
import { detailsFor, isStored, movesSince, partOf, partsShown } from './named-parts.ts';
import { isOfRecord, type Threaded } from './parties.ts';
import { actorOn, isOpener, seesState } from './relations.ts';
import { seenOf, without } from './seen-progress.ts';

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
  /** The key of the thread's organisation; null for the record itself and for its parts. */
  readonly thread: string | null;
  readonly part: string | null;
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
  #record: DataLoader<string, readonly StoredProgress[]> | undefined;
  #all: DataLoader<string, readonly StoredProgress[]> | undefined;
  #own: DataLoader<string, readonly StoredProgress[]> | undefined;
  readonly #moves = new Map<boolean, DataLoader<string, readonly ShownMove[]>>();
  readonly #inputs: DataLoader<ObjectId, StoredMove['input'], string>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#inputs = inputLoader(parts.store);
  }

  /** Where a record stands in its workflow; null if it was entered without one, or if only another side sees it. */
  async progress(row: Row): Promise<Shown | null> {
    const of = this.#parts.workflows.get(row.type)?.record ?? null;
    const stored = await this.#ofRecord(row);
    if (of === null || stored === null) return null;
    const values = { ...row.content, ...stored.progress.facts };
    if (!seesState(of, actorOn(of, this.#parts.readerAccess, values, null))) return null;
    return this.#show(of, row, stored);
  }

  /**
   * The threads that the reader may see: all for the organisation that opened the record, its thread for each other. In a
   * kind whose members open threads, all for each member, and none for others. Parts of a record are seen by each reader of
   * this field.
   */
  async threads(row: Row): Promise<readonly Shown[]> {
    const kind = this.#parts.workflows.get(row.type);
    const of = kind?.thread ?? null;
    if (kind === undefined || of === null) return [];
    if (isOfParts(of)) {
      const facts = await this.#members(row);
      const all = await this.#ownProgress().load(row.id);
      const parts = partsShown(of, row, this.#parts.readerAccess, all);
      return parts.map((stored) => this.#show(of, row, stored, facts));
    }
    const areByMembers = openingMove(kind) !== null;
    const members = areByMembers ? await this.#members(row) : {};
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, { ...row.content, ...members });
    if (areByMembers && !isOpened) return [];
    const found = await (isOpened ? this.#allProgress() : this.#ownProgress()).load(row.id);
    return found
      .filter(({ organisation, progress }) => organisation !== null && (isOpened || isKnown(of, progress)))
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

  /** The progress of the record itself. It is read alone: the number of threads must not show where they are hidden. */
  async #ofRecord(row: Row): Promise<StoredProgress | null> {
    this.#record ??= progressLoader(this.#parts.store, { organisation: null, part: null });
    const [own] = await this.#record.load(row.id);
    return own ?? null;
  }

  /** The progress of a record and of its threads that the reader may see, without the fields that are hidden. */
  async visible(row: Row): Promise<readonly VisibleProgress[]> {
    const { readerAccess, workflows } = this.#parts;
    const { record = null, thread = null } = workflows.get(row.type) ?? {};
    const own = await this.#ofRecord(row);
    const members = { ...row.content, ...own?.progress.facts };
    const isOpened = thread !== null && isOpener(thread, readerAccess.reader, members);
    const areHidden = thread === null || row.decision.hidden.has('threads');
    const loader = isOpened ? this.#allProgress() : this.#ownProgress();
    const isShown = ({ progress }: StoredProgress): boolean =>
      isOpened || (thread !== null && isKnown(thread, progress));
    const all = areHidden
      ? []
      : (await loader.load(row.id)).filter((one) => !isOfRecord(one) && isShown(one));
    const isNamed = thread?.parts !== undefined;
    const threads = isNamed ? partsShown(thread, row, readerAccess, all).filter(isStored) : all;
    return [...(own === null ? [] : [own]), ...threads].flatMap((stored) => {
      const { organisation, part = null, progress } = stored;
      const isWhole = isOfRecord(stored);
      const of = isWhole ? record : thread;
      if (of === null || row.decision.hidden.has(isWhole ? 'progress' : 'threads')) return [];
      const actor = actorOn(
        of,
        readerAccess,
        { ...row.content, ...progress.facts, ...members },
        organisation,
      );
      if (!seesState(of, actor)) return [];
      const known = seenOf(row, stored, isOfParts(of) ? members : {});
      const { since } = standingFor(of, known, actor.relations, readerAccess.now, this.#parts.endOf);
      const possibleMoves = () => this.#possibleMoves(of, row, { stored, known, actor });
      const side = { relations: actor.relations, reader: readerAccess.reader.organisation };
      return [
        {
          of,
          organisation,
          known,
          ...side,
          since,
          thread: organisation === null ? null : organisationKey(organisation),
          part,
          possibleMoves,
        },
      ];
    });
  }

  /**
   * The persons and units of a team that fit a mobilisation. Empty for a reader without a role of a desk, and for a team whose
   * threads are hidden.
   */
  async matches(team: Row, wanted: Omit<Wanted, 'now'>): Promise<readonly Match[]> {
    const { store, readerAccess, workflows } = this.#parts;
    const of = workflows.get(team.type)?.thread ?? null;
    if (of === null || !mayOffer(of, readerAccess.reader.roles) || team.decision.hidden.has('threads'))
      return [];
    const parts = partsShown(of, team, readerAccess, await this.#ownProgress().load(team.id));
    return await findMatches(store, of, team, parts, { ...wanted, now: readerAccess.now });
  }

  /** Whether ENISA stated that its platform cannot ensure confidentiality. It concerns every CRA notification. */
  async hasPlatformIncident(): Promise<boolean> {
    const { store, readerAccess } = this.#parts;
    return await hasPlatformIncident(store, readerAccess.reader.picture);
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
    const { store, readerAccess, workflows } = this.#parts;
    const known = this.#moves.get(isOpened);
    if (known !== undefined) return known;
    const { organisation } = readerAccess.reader;
    const own = { organisation: { $in: [organisation, null] } };
    // Another organisation learns of a move that needs a second person once it is made.
    const made = {
      $or: [{ stage: 'made' }, { 'by.organisation': organisation }],
    };
    // Onward shares are stored with the moves, and are shown to fewer readers.
    const names = [...workflows.values()].flatMap(({ record, thread }) =>
      [record?.name ?? [], thread?.name ?? []].flat(),
    );
    const ofWorkflows = { workflow: { $in: names } };
    const loader = historyLoader(store, {
      ...ofWorkflows,
      ...(isOpened ? { isHidden: false } : own),
      ...made,
    });
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
    const isPart = isOfParts(of);
    const known = seenOf(row, stored, isPart ? members : {});
    const values = { ...row.content, ...stored.progress.facts, ...members };
    const actor = actorOn(of, readerAccess, values, organisation);
    const standing = standingFor(of, known, actor.relations, now, endOf);
    const details = detailsFor(of, actor.relations);
    const isOwn = organisation === reader.organisation;
    return {
      ...(details !== null && toGraph(of, without(standing.facts, hidden))),
      ...(organisation !== null && {
        [of.subject]: organisationKey(organisation),
        version: isOwn || this.#areVersionsOfThreads(row) ? stored.version : null,
      }),
      ...(isPart && { [of.subject]: stored.part, version: stored.version }),
      state: enumValue(standing.state),
      since: standing.since,
      proposal: () => this.#proposal(of, row, stored),
      possibleMoves: async () => [
        ...this.#possibleMoves(of, row, { stored, known, actor }),
        ...(isOfRecord(stored) ? await this.#openingMoves(row, stored) : []),
      ],
      moves: async () =>
        details === null
          ? []
          : movesSince(details, await this.#made(of, row, stored, { ...row.content, ...members })),
    };
  }

  #areVersionsOfThreads({ type }: Row): boolean {
    const kind = this.#parts.workflows.get(type);
    return kind !== undefined && areVersionsOfThreads(kind);
  }

  #possibleMoves(
    of: Workflow,
    row: Row,
    {
      stored,
      known,
      actor,
    }: {
      readonly stored: StoredProgress;
      readonly known: Known;
      readonly actor: ReturnType<typeof actorOn>;
    },
  ): readonly string[] {
    const { readerAccess, endOf } = this.#parts;
    if (!this.#isMovable(row)) return [];
    const all = movesFrom(of, { known, actor, now: readerAccess.now }, endOf);
    // Only the originator opens a record to other readers.
    const isRemoved = of.parts !== undefined && partOf(of, known.fields, stored) === null;
    const moves = all
      .filter((move) => of.moves[move]?.opens === undefined || this.#mayWiden(row))
      .filter((move) => !isRemoved || of.moves[move]?.ofRemoved === true);
    const proposal = this.#proposalIn(stored);
    const isSecond = proposal !== null && proposal.by.subject !== readerAccess.reader.subject;
    const waiting = proposal !== null && moves.includes(proposal.move) ? ['dismissProposed'] : [];
    const second = waiting.length > 0 && isSecond ? ['confirmProposed'] : [];
    return [...moves, ...second, ...waiting].map((move) => mutationOf(of.kind, move));
  }

  /** The move that opens a thread for the reader's organisation, if it can and has none, and moves that make parts. */
  async #openingMoves(row: Row, { progress }: StoredProgress): Promise<readonly string[]> {
    const { workflows, readerAccess, endOf } = this.#parts;
    const kind = workflows.get(row.type);
    const { thread: of = null } = kind ?? {};
    if (kind === undefined || of === null || !this.#isMovable(row)) return [];
    const isPart = isOfParts(of);
    if (openingMove(kind) === null && !isPart) return [];
    const { organisation } = readerAccess.reader;
    const own = await this.#ownProgress().load(row.id);
    if (own.some((one) => one.organisation === organisation)) return [];
    const fields = without({ ...row.content, ...progress.facts }, row.decision.hidden);
    const values = { ...row.content, ...progress.facts };
    const actor = actorOn(of, readerAccess, values, isPart ? null : organisation);
    const moves = movesFrom(of, { known: null, fields, actor, now: readerAccess.now }, endOf);
    return moves.map((move) => mutationOf(of.kind, move));
  }

  #mayWiden({ envelope, type }: Row): boolean {
    const { policy, readerAccess } = this.#parts;
    const actions = ['mark-down', 'release'] as const;
    return actions.every((action) => policy.may(readerAccess, action, type, 'content', envelope));
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
  async #made(of: Workflow, row: Row, stored: StoredProgress, values: Shown): Promise<readonly Shown[]> {
    const isOpened = isOpener(of, this.#parts.readerAccess.reader, values);
    const made = await this.#history(isOpened).load(row.id);
    const ofThread = made.filter((move) => isSameThread(move, stored));
    const shown = isOpened ? ofThread : sinceOpening(of, ofThread);
    return shown.map((move) => this.#shownMove(of, row, move));
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
      lateReason: isShown('lateReason') ? (late?.reason ?? null) : null,
      lateChannel: isShown('lateChannel') ? (late?.channel ?? null) : null,
      values: async () => shownValues(of, move, await this.#inputs.load(_id), isShown),
    };
  }
}

function isSameThread(one: Threaded, other: Threaded): boolean {
  return one.organisation === other.organisation && (one.part ?? null) === (other.part ?? null);
}
