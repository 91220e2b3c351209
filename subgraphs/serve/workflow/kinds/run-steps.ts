import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import type { Content } from '../../record/content.ts';
import { Refused } from '../../changes/refused.ts';
import type { PartChange } from '../effect.ts';
import type { StoredProgress } from '../progress-store.ts';

/** A step of a run, as it was copied from the procedure. */
export type RunStep = {
  readonly no: number;
  readonly role: string | null;
  readonly action: string;
  readonly dueAt: Date | null;
  readonly evidence: string | null;
  readonly ifMissed: string | null;
  readonly dependsOn: readonly number[];
  readonly mandatory: boolean;
};

/** The most steps of a run. Its start and its end write all of them in one transaction. */
export const maxSteps = 50;

/** The name of a step in its run: `step-3`. */
export function stepName({ no }: Pick<RunStep, 'no'>): string {
  return `step-${no}`;
}

/** Returns the steps in the content of a run or of a procedure. Those of a procedure have no due times. */
export function stepsIn({ steps }: Content): readonly RunStep[] {
  if (!Array.isArray(steps)) return [];
  return (steps as readonly Content[]).map((step) => ({
    no: typeof step['no'] === 'number' ? step['no'] : 0,
    role: textIn(step['role']),
    action: textIn(step['action']) ?? '',
    dueAt: step['dueAt'] instanceof Date ? step['dueAt'] : null,
    evidence: textIn(step['evidence']),
    ifMissed: textIn(step['ifMissed']),
    dependsOn: [step['dependsOn'] ?? []].flat().filter((no) => typeof no === 'number'),
    mandatory: step['mandatory'] === true,
  }));
}

/**
 * Returns the steps of a procedure as a run copies them, with their due times. Throws Refused, with the number of the step,
 * for a malformed time limit and for dependencies that can never be met.
 */
export function copySteps(procedure: Content, eventAt: Date): readonly RunStep[] {
  const steps = stepsIn(procedure);
  if (steps.length === 0 || steps.length > maxSteps)
    throw unusable(`expected a procedure of 1 to ${maxSteps} steps, got ${steps.length}`);
  const numbers = new Set<number>();
  for (const { no } of steps) {
    if (numbers.has(no)) throw unusable(`step ${no}: the procedure has several steps of this number`);
    numbers.add(no);
  }
  for (const { no, dependsOn } of steps) {
    const missing = dependsOn.find((other) => !numbers.has(other));
    if (missing !== undefined)
      throw unusable(`step ${no}: it depends on step ${missing}, which the procedure does not have`);
  }
  const circle = findCircle(steps);
  if (circle !== null) throw unusable(`step ${circle}: it depends on itself, directly or by other steps`);
  const limits = procedure['steps'] as readonly Content[];
  return steps.map((step, at) => ({ ...step, dueAt: dueAt(step, limits[at]?.['dueWithin'], eventAt) }));
}

/** Returns the number of a step that depends on itself. Null if none does. */
function findCircle(steps: readonly RunStep[]): number | null {
  let left = steps;
  for (;;) {
    const numbers = new Set(left.map(({ no }) => no));
    const next = left.filter(({ dependsOn }) => dependsOn.some((no) => numbers.has(no)));
    if (next.length === 0) return null;
    if (next.length === left.length) break;
    left = next;
  }
  // Each step that is left depends on another one that is left: going back along them ends in the circle.
  const numbers = new Set(left.map(({ no }) => no));
  const seen = new Set<number>();
  let no = left[0]?.no;
  while (no !== undefined && !seen.has(no)) {
    seen.add(no);
    const at = no;
    no = left.find((one) => one.no === at)?.dependsOn.find((other) => numbers.has(other));
  }
  return no ?? null;
}

const duration =
  /^P(?!$)(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/;
const unitsMs = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000];

function dueAt({ no }: RunStep, limit: unknown, eventAt: Date): Date | null {
  if (limit === undefined || limit === null) return null;
  const text = typeof limit === 'string' ? limit : '';
  const parts = duration.exec(text)?.slice(1);
  if (parts === undefined)
    throw unusable(
      `step ${no}: expected a time limit in weeks, days, hours, minutes or seconds, such as PT30M, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  const ms = parts.reduce((sum, part, at) => sum + Number(part ?? 0) * (unitsMs[at] ?? 0), 0);
  return new Date(eventAt.getTime() + ms);
}

function unusable(message: string): Refused {
  return new Refused('INVALID', ['content', 'procedure'], `${message}: correct the procedure first`);
}

/** The organisation that performs a step, and the person if one is named. */
export type Performer = { readonly organisation: string; readonly person: string | null };

/** Returns the performer of each step. Throws Refused for a role that nobody has, and for one that no step names. */
export function performersOf(steps: readonly RunStep[], content: Content): (step: RunStep) => Performer {
  const [lead = ''] = organisationsIn(content['lead'] ?? []);
  const named = new Map<string, Performer>();
  const roles = new Set(steps.map(({ role }) => role));
  const given: readonly Content[] = Array.isArray(content['performers']) ? content['performers'] : [];
  for (const one of given) {
    const role = String(one['role']);
    const [organisation = ''] = organisationsIn(one);
    if (named.has(role)) throw wrongPerformer(`expected one performer of the role ${role}`);
    if (!roles.has(role))
      throw wrongPerformer(`expected a role that a step of the procedure names, got ${role}`);
    named.set(role, { organisation, person: personIn(one) });
  }
  const unnamed = steps.find(({ role }) => role !== null && !named.has(role));
  if (unnamed !== undefined)
    throw wrongPerformer(`step ${unnamed.no}: expected a performer of the role ${unnamed.role}`);
  return ({ role }) => (role === null ? undefined : named.get(role)) ?? { organisation: lead, person: null };
}

function wrongPerformer(message: string): Refused {
  return new Refused('INVALID', ['content', 'performers'], message);
}

function personIn({ person }: Content): string | null {
  if (person === undefined || person === null) return null;
  if (typeof person === 'string' && person.trim() !== '' && person.length <= 200) return person;
  throw wrongPerformer('expected the subject of a person, of 1 to 200 characters, or none');
}

/** Returns whether a step no longer keeps the steps that depend on it waiting. */
export function isClosed(state: string | undefined): boolean {
  return state === 'done' || state === 'skipped';
}

/** Returns the states of the steps of a run by their names. */
export function statesOf(parts: readonly StoredProgress[]): ReadonlyMap<string, string> {
  return new Map(parts.map(({ part, progress }) => [part ?? '', progress.state]));
}

/** Returns the steps on which a step depends and that are neither done nor skipped. */
export function openBefore(
  steps: readonly RunStep[],
  parts: readonly StoredProgress[],
  name: string,
): readonly RunStep[] {
  const states = statesOf(parts);
  const before = steps.find((step) => stepName(step) === name)?.dependsOn ?? [];
  return steps.filter((step) => before.includes(step.no) && !isClosed(states.get(stepName(step))));
}

/** Returns the names of the steps that depend on a step, directly or by other steps. */
export function dependantsOf(steps: readonly RunStep[], name: string): ReadonlySet<string> {
  const found = new Set<string>();
  let numbers = steps.filter((step) => stepName(step) === name).map(({ no }) => no);
  while (numbers.length > 0) {
    const before = numbers;
    const next = steps.filter(
      (step) => !found.has(stepName(step)) && step.dependsOn.some((no) => before.includes(no)),
    );
    for (const step of next) found.add(stepName(step));
    numbers = next.map(({ no }) => no);
  }
  return found;
}

const openStates: ReadonlySet<string> = new Set(['waiting', 'ready', 'started', 'handed-over']);

/** Returns the earliest due time of an open step. Null if none has one. */
export function nextDueOf(parts: readonly Pick<StoredProgress, 'progress'>[]): Date | null {
  const times = parts.flatMap(({ progress: { state, facts } }) =>
    openStates.has(state) && facts['dueAt'] instanceof Date ? [facts['dueAt']] : [],
  );
  return times.toSorted((one, other) => one.getTime() - other.getTime())[0] ?? null;
}

/** Returns a move of the system that leads a step to another state. */
export function stepChanged(
  before: StoredProgress,
  move: string,
  state: string,
  since: Date,
  facts: Content = {},
): PartChange {
  const { progress } = before;
  const former = { ...progress, former: null };
  const after = { ...progress, state, since, facts: { ...progress.facts, ...facts }, former };
  return { part: before.part ?? '', move, before, progress: after };
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}
