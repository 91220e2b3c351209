import type { Db } from 'mongodb';
import type { Booking } from '../../../subgraphs/serve/workflow/kinds/bookings.ts';
import type { Notice } from '../../../subgraphs/serve/workflow/notices.ts';
import type { StoredMove, StoredProgress } from '../../../subgraphs/serve/workflow/progress-store.ts';
import type { Acknowledged } from './holds.ts';
import type { Turn } from './turn.ts';

/** The faults of other workflows that are found in the store at the end. */
export type TurnFaults = {
  /** Acknowledged moves that are not in a history. */
  readonly lost: number;
  /** Moves, states and notices that a turn has, and that a turn without kills does not have, or the reverse. */
  readonly differing: readonly string[];
  /** Histories in which a move does not begin where the one before ended. */
  readonly gaps: readonly string[];
  /** Persons and units with two bookings at a time. */
  readonly bookedTwice: readonly string[];
};

/** The records of a turn and the name of the person whom it books. */
type WholeTurn = { readonly script: string; readonly turn: Pick<Turn, 'records' | 'name'> };

/** All turns, the first of each workflow first, and the moves that were acknowledged. */
export type Turns = {
  readonly whole: readonly WholeTurn[];
  readonly acknowledged: readonly Pick<Acknowledged, 'key'>[];
};

/** Compares all turns with the first one of their workflow, which was made without kills. */
export async function compareTurns(db: Db, { whole, acknowledged }: Turns): Promise<TurnFaults> {
  const keys = new Set(await db.collection<StoredMove>('moves').distinct('key'));
  const models = new Map<string, readonly string[]>();
  const differing: string[] = [];
  const gaps: string[] = [];
  for (const { script, turn } of whole) {
    const stored = await readTurn(db, turn);
    gaps.push(...gapsIn(stored.moves));
    const shape = shapeOf(stored, turn);
    const model = models.get(script);
    if (shape.length === 0) differing.push(`${script}, ${turn.name}: the store has nothing of it`);
    if (model === undefined) models.set(script, shape);
    else differing.push(...difference(model, shape).map((line) => `${script}, ${turn.name}: ${line}`));
  }
  return {
    lost: acknowledged.filter(({ key }) => !keys.has(key)).length,
    differing,
    gaps,
    bookedTwice: await findBookedTwice(db),
  };
}

type Stored = {
  readonly moves: readonly StoredMove[];
  readonly threads: readonly StoredProgress[];
  readonly notices: readonly Notice[];
};

async function readTurn(db: Db, { records }: WholeTurn['turn']): Promise<Stored> {
  const of = { record: { $in: records } };
  const inOrder = { recordedAt: 1, _id: 1 } as const;
  return {
    moves: await db.collection<StoredMove>('moves').find(of).sort(inOrder).toArray(),
    threads: await db.collection<StoredProgress>('progress').find(of).toArray(),
    // A reminder depends on the time at which the run ends.
    notices: await db
      .collection<Notice>('notices')
      .find({ ...of, event: { $ne: 'reminder' } })
      .toArray(),
  };
}

/** Returns one line for each move, thread and notice, without what differs from turn to turn. */
function shapeOf(
  { moves, threads, notices }: Stored,
  { records, name }: WholeTurn['turn'],
): readonly string[] {
  const place = ({ record, workflow, organisation, part = null }: Place): string => {
    const subject = organisation ?? (part === name ? 'unit' : part) ?? 'record';
    return `record ${records.indexOf(record)}, ${workflow} of ${subject}`;
  };
  return [
    ...moves.map((one) => `${place(one)}: ${one.move} (${one.stage}) from ${one.from} to ${one.to}`),
    ...threads.map((one) => `${place(one)}: ${one.progress.state} in version ${one.version}`),
    ...notices.map((one) => `${place(one)}: ${one.event} ${one.name} told to ${one.party}`),
  ].toSorted();
}

type Place = Pick<StoredMove, 'record' | 'workflow' | 'organisation' | 'part'>;

/** Returns the lines that one side has more often than the other. */
function difference(model: readonly string[], shape: readonly string[]): readonly string[] {
  return [...new Set([...model, ...shape])].flatMap((line) => {
    const [expected, got] = [model, shape].map((lines) => lines.filter((one) => one === line).length);
    return expected === got ? [] : [`${line}: expected ${expected}, got ${got}`];
  });
}

/** Returns the moves that do not begin where the move before ended, in each thread. */
function gapsIn(moves: readonly StoredMove[]): readonly string[] {
  const threads = Map.groupBy(moves, ({ record, workflow, organisation, part = null }) =>
    [record, workflow, organisation, part].join(' '),
  );
  return [...threads].flatMap(([thread, all]) =>
    all.flatMap(({ move, from }, at) =>
      at === 0 || from === all[at - 1]?.to ? [] : [`${thread}: ${move} from ${from}, not ${all[at - 1]?.to}`],
    ),
  );
}

async function findBookedTwice(db: Db): Promise<readonly string[]> {
  const all = await db.collection<Booking>('bookings').find().toArray();
  return all.flatMap(({ _id, taken }) =>
    taken.some((one, at) => taken.slice(at + 1).some((other) => overlap(one, other))) ? [_id] : [],
  );
}

type Period = Pick<Booking['taken'][number], 'from' | 'until'>;

function overlap(one: Period, other: Period): boolean {
  const endsBefore = ({ until }: Period, { from }: Period) => until !== null && until <= from;
  return !endsBefore(one, other) && !endsBefore(other, one);
}
