import type { InstantFile, StateFile, WorkflowFile } from '../language/language.ts';

/** Where a record or a thread stands in a workflow, as it is stored. */
export type Progress = Standing & {
  /**
   * Where it stood before the last change of state; null at the start. A masked state shows this in its place. Older
   * ones are kept only as long as masks hide the ones that follow.
   */
  readonly former: Progress | null;
};

/** A state, the instant at which it began, and what the workflow remembers. */
export type Standing = {
  readonly state: string;
  readonly since: Date;
  readonly facts: Readonly<Record<string, unknown>>;
};

/** The progress of something, with the fields of its record, some of which are instants of the workflow. */
export type Known = {
  readonly progress: Progress;
  readonly fields: Readonly<Record<string, unknown>>;
};

/** Which instant of a period is meant. `reminder` is the one of a clock without an end; others have none. */
export type EndOfPeriod = 'latest' | 'due' | 'reminder';

/**
 * Returns the end of a clock's period that starts at an instant; null if the clock has no end. A deadline is missed from
 * its latest end on, which a rule of law can set after the due time: the hour of the event does not count.
 */
export type EndOfClock = (clock: string, start: Date, end?: EndOfPeriod) => Date | null;

/**
 * Returns where something stands at an instant. A state that depends on the clock replaces the stored one from its
 * instant on; of several, the last one in the declaration counts. Every reader and every move must ask this
 * function: the stored state alone may be out of date.
 */
export function standingAt(workflow: WorkflowFile, known: Known, now: Date, endOf: EndOfClock): Standing {
  const { progress } = known;
  const computed = Object.entries(workflow.states).flatMap(([state, { computed: by }]) => {
    if (by === undefined || !by.from.includes(progress.state)) return [];
    if (by.until !== undefined && isSet(progress.facts[by.until])) return [];
    const since = startOfComputed(known, by, endOf);
    return since !== null && since <= now ? [{ state, since, facts: progress.facts }] : [];
  });
  return computed.at(-1) ?? standingOf(progress);
}

function standingOf({ state, since, facts }: Progress): Standing {
  return { state, since, facts };
}

type Computed = NonNullable<StateFile['computed']>;

/** Returns the instant from which a computed state applies: the earliest that it names, or the start if it names none. */
export function startOfComputed(
  known: Known,
  { at, before, since }: Computed,
  endOf: EndOfClock,
): Date | null {
  if (at === undefined && before === undefined && since === undefined) return known.progress.since;
  const starts = [
    at === undefined ? null : instantOf(known, at, endOf),
    before === undefined ? null : startBefore(known, before, endOf),
    since === undefined ? null : dateOf(known.progress.facts[since]),
  ];
  return starts.filter((start) => start !== null).toSorted(byTime)[0] ?? null;
}

function startBefore(
  known: Known,
  { at, quarters, of, days = 0 }: NonNullable<Computed['before']>,
  endOf: EndOfClock,
): Date | null {
  const end = instantOf(known, at, endOf);
  if (end === null) return null;
  if (quarters === undefined) return new Date(end.getTime() - days * dayMs);
  const start = of === undefined ? known.progress.since : instantOf(known, of, endOf);
  return start === null ? null : new Date(end.getTime() - (end.getTime() - start.getTime()) / 4);
}

const dayMs = 86_400_000;

/**
 * Returns where something stands for a reader with these relations to it. A state that is masked from them looks as if
 * the moves that led there had not been made until the mask's instant, and like the mask from then on. A mask without an
 * instant always applies.
 */
export function standingFor(
  workflow: WorkflowFile,
  known: Known,
  relations: ReadonlySet<string>,
  now: Date,
  endOf: EndOfClock,
): Standing {
  const standing = standingAt(workflow, known, now, endOf);
  const mask = maskOn(workflow, standing, relations);
  if (mask === undefined) return standing;
  const visible = visibleTo(workflow, known, relations);
  const { progress } = visible;
  const since = mask.at === undefined ? progress.since : instantOf(visible, mask.at, endOf);
  if (since !== null && since <= now) return { state: mask.as, since, facts: progress.facts };
  if (progress !== known.progress) return standingFor(workflow, visible, relations, now, endOf);
  const isHidden = maskOn(workflow, progress, relations) !== undefined;
  return isHidden ? { ...standingOf(progress), state: mask.as } : standingOf(progress);
}

/** Returns what is known without the last changes of state that are masked from a reader. The first state stays. */
export function visibleTo(workflow: WorkflowFile, known: Known, relations: ReadonlySet<string>): Known {
  const { former } = known.progress;
  if (former === null || maskOn(workflow, known.progress, relations) === undefined) return known;
  return visibleTo(workflow, { ...known, progress: former }, relations);
}

/** Returns the mask that hides a standing from a reader with these relations, if there is one. */
export function maskOn(
  { masks }: Pick<WorkflowFile, 'masks'>,
  { state, facts }: Pick<Standing, 'state' | 'facts'>,
  relations: ReadonlySet<string>,
): WorkflowFile['masks'][number] | undefined {
  return masks.find(
    ({ from, states, unless }) =>
      relations.has(from) && states.includes(state) && (unless === undefined || facts[unless] !== true),
  );
}

/** Returns an instant that the workflow names: a fact, a field of the record, or the end of a clock's period. */
export function instantOf({ progress, fields }: Known, instant: InstantFile, endOf: EndOfClock): Date | null {
  if (typeof instant === 'string') return dateOf(progress.facts[instant] ?? fields[instant]);
  const start =
    instant.of === undefined ? progress.since : dateOf(progress.facts[instant.of] ?? fields[instant.of]);
  return start === null ? null : endOf(instant.clock, start);
}

function byTime(one: Date, other: Date): number {
  return one.getTime() - other.getTime();
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function dateOf(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}
