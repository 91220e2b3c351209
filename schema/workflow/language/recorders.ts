import type { Networks } from '../network/language.ts';
import type { Triggers } from '../trigger/language.ts';
import type { MoveFile, WhoFile, WorkflowFile } from './language.ts';

/** The files that say who can make a move, for each value of one of its inputs. */
export type RecordersFiles = { readonly networks: Networks; readonly triggers: Triggers };

/** The persons who can make a move for one value of its input, and the clock of this value. */
type Recorded = { readonly by: readonly WhoFile[]; readonly clock?: string | undefined };
type Named = { readonly input: string; readonly values: Readonly<Record<string, Recorded>> };

/**
 * Writes out who can make a move for each network (`recorders: networks`) or trigger (`recorders: triggers`), the names of
 * these as the choices of the input `network` or `trigger`, and the clock of each trigger.
 */
export function withRecorders(workflow: WorkflowFile, files: RecordersFiles): WorkflowFile {
  const moves = Object.entries(workflow.moves).map(([name, move]) => [name, writtenOut(move, files)]);
  return { ...workflow, moves: Object.fromEntries(moves) as WorkflowFile['moves'] };
}

function writtenOut(move: MoveFile, files: RecordersFiles): MoveFile {
  const { by, input } = move;
  const recorders =
    typeof by === 'string' ? undefined : by.find((who) => who.recorders !== undefined)?.recorders;
  if (typeof by === 'string' || recorders === undefined) return move;
  const named = valuesOf[recorders](files);
  const stated = input[named.input];
  return {
    ...move,
    by: by.flatMap((who) => recordersOf(who, named)),
    input:
      stated === undefined
        ? input
        : { ...input, [named.input]: { ...stated, choices: Object.keys(named.values) } },
    ...(move.sets !== undefined && { sets: withClocks(move.sets, named) }),
  };
}

const valuesOf: Readonly<Record<NonNullable<WhoFile['recorders']>, (files: RecordersFiles) => Named>> = {
  networks: ({ networks }) => ({
    input: 'network',
    values: mapValues(networks, ({ recordedBy }) => ({ by: recordedBy })),
  }),
  // A trigger without `by` is no choice: no person opens a duty for it.
  triggers: ({ triggers }) => ({
    input: 'trigger',
    values: mapValues(
      Object.fromEntries(Object.entries(triggers).filter(([, { by }]) => by !== undefined)),
      ({ by = [], clock }) => ({ by, clock }),
    ),
  }),
};

function recordersOf({ recorders, ...who }: WhoFile, { input, values }: Named): readonly WhoFile[] {
  if (recorders === undefined) return [who];
  return Object.entries(values).flatMap(([name, { by }]) =>
    by.map((one) => ({ ...who, ...one, when: { ...who.when, [input]: [name] } })),
  );
}

type Sets = NonNullable<MoveFile['sets']>;

/** Writes out the clocks of a setting whose clock is by the input and names none. */
function withClocks(sets: Sets, { input, values }: Named): Sets {
  const clocks = Object.entries(values).flatMap(([name, { clock }]) =>
    clock === undefined ? [] : [[name, clock] as const],
  );
  return mapValues(sets, (setting) => {
    if (typeof setting !== 'object' || setting === null || !('clock' in setting)) return setting;
    const { clock } = setting;
    if (typeof clock === 'string' || clock.by !== input) return setting;
    return { ...setting, clock: { ...clock, clocks: { ...Object.fromEntries(clocks), ...clock.clocks } } };
  });
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
