import type { Progress } from '../../../schema/workflow/engine/progress.ts';
import { Refused } from '../changes/refused.ts';
import type { Effects, MovedPart } from './effect.ts';
import { regimesIn } from './kinds/file-effects.ts';
import { nextStage, readStage, stageName, stagesStarted } from './kinds/file-stages.ts';
import type { StoredProgress } from './progress-store.ts';
import { effectsOfSteps } from './kinds/step-effects.ts';

type Effect = (moved: MovedPart) => Pick<Effects, 'facts' | 'parts'>;

const effects: Readonly<Record<string, Effect>> = {
  'notification-stage.submit': (moved) => submit(moved),
  'notification-stage.ask': (moved) => ask(moved),
  'notification-stage.progress': (moved) => progressReport(moved),
  'notification-stage.waive': (moved) => {
    refuseEnded(moved);
    return {};
  },
  ...effectsOfSteps,
};

/** Returns the effects of a move in a part that code decides. Throws Refused if a ground of refusal applies. */
export function partEffectsOf(workflow: string, moved: MovedPart): ReturnType<Effect> {
  return effects[`${workflow}.${moved.attempt.move}`]?.(moved) ?? {};
}

/** Returns the name of a new part: its kind with the next number. */
export function newPartOf({ facts }: Progress, parts: readonly StoredProgress[]): string {
  return stageName(nextStage(parts, String(facts['kind'])));
}

function submit(moved: MovedPart): ReturnType<Effect> {
  refuseEnded(moved);
  const { progress, file, parts } = moved;
  const regimes = regimesIn(moved);
  const { kind, submittedAt, latestAt } = progress.facts;
  const { awareAt } = file.facts;
  if (!(submittedAt instanceof Date)) throw new Error('expected the fact submittedAt');
  if (awareAt instanceof Date && submittedAt < awareAt)
    throw new Refused(
      'INVALID',
      ['submittedAt'],
      `expected a time that is not before the awareness, ${awareAt.toISOString()}`,
    );
  const knowsProgress = regimes.of(file.facts).stages.some((one) => one.kind === kind && one.afterProgress);
  if (file.state === 'open' && knowsProgress)
    throw new Refused(
      'WRONG_STATE',
      ['stage'],
      'the incident still runs: submit a progress report (progressNotificationFile), or state the end of the handling first (handledNotificationFile)',
    );
  const others = parts.filter(({ part }) => part !== moved.before?.part);
  return {
    facts: { late: latestAt instanceof Date && submittedAt >= latestAt },
    parts: stagesStarted(regimes, file.facts, others, { from: String(kind), at: submittedAt }),
  };
}

function ask(moved: MovedPart): ReturnType<Effect> {
  refuseEnded(moved);
  const { file, progress } = moved;
  if (regimesIn(moved).of(file.facts).onRequest !== true)
    throw new Refused('WRONG_STATE', [], 'the regime of this file knows no report on request');
  return { facts: { kind: 'intermediate', dueAt: progress.facts['latestAt'] } };
}

/** The progress report is submitted in place of the final one. A new final stage waits for the end of the handling. */
function progressReport(moved: MovedPart): ReturnType<Effect> {
  refuseEnded(moved);
  const { attempt, file, before, parts } = moved;
  if (file.state !== 'open' || attempt.input['stillRuns'] !== true)
    throw new Refused(
      'WRONG_STATE',
      ['stillRuns'],
      'the incident no longer runs: submit the final stage, after the move handled',
    );
  const final = before === null ? null : readStage(before);
  const regime = regimesIn(moved).of(file.facts);
  if (!regime.stages.some(({ kind, afterProgress }) => kind === final?.kind && afterProgress !== undefined))
    throw new Refused('WRONG_STATE', ['stage'], 'the regime of this file knows no progress report');
  const { startedAt, dueAt, latestAt } = before?.progress.facts ?? {};
  if (final === null || !(startedAt instanceof Date))
    throw new Refused(
      'WRONG_STATE',
      ['stage'],
      'the clock of this stage has not started: nothing is due yet',
    );
  const { happenedAt: at } = attempt;
  const late = latestAt instanceof Date && at >= latestAt;
  const made = { move: 'progress', before: null } as const;
  const report = { kind: 'progress', startedAt, dueAt, latestAt, submittedAt: at, late };
  const submitted = { state: 'submitted', since: at, facts: report, former: null };
  const waiting = { state: 'expected', since: at, facts: { kind: final.kind }, former: null };
  return {
    parts: [
      { ...made, part: stageName(nextStage(parts, 'progress')), progress: submitted },
      { ...made, part: stageName(nextStage(parts, final.kind)), progress: waiting },
    ],
  };
}

/** The stages of a closed or withdrawn file stay as they are. */
function refuseEnded({ file: { state } }: MovedPart): void {
  if (state === 'closed' || state === 'withdrawn')
    throw new Refused('WRONG_STATE', [], `the file is ${state}: its stages stay as they are`);
}
