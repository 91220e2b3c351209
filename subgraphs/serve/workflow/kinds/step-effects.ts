import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import type { Effects, Moved, MovedPart } from '../effect.ts';
import type { StoredProgress } from '../progress-store.ts';
import { dependantsOf, openBefore, type RunStep, stepChanged, stepName, stepsIn } from './run-steps.ts';

type PartEffects = Pick<Effects, 'facts' | 'parts'>;

/** The effects of the moves of a step: other steps become ready, or are flagged. */
export const effectsOfSteps: Readonly<Record<string, (moved: MovedPart) => PartEffects>> = {
  'procedure-step.finishStep': readyNext,
  'procedure-step.skipStep': readyNext,
  'procedure-step.acceptStep': ({ before }) => ({
    facts: { performerPerson: before?.progress.facts['recipientPerson'] ?? null, recipientPerson: null },
  }),
  'procedure-step.reopenStep': flagStarted,
};

/** Makes the steps ready that waited for this one only. Each is ready since the last of its steps was closed. */
function readyNext({ attempt, progress, parts, before }: MovedPart): PartEffects {
  const steps = stepsOf(attempt.fields);
  const after = parts.map((one) => (one._id === before?._id ? { ...one, progress } : one));
  const ready = after.filter(
    ({ part, progress: { state } }) =>
      state === 'waiting' && openBefore(steps, after, part ?? '').length === 0,
  );
  return {
    parts: ready.map((one) =>
      stepChanged(one, 'readyStep', 'ready', lastClosed(steps, after, one.part ?? '', progress.since)),
    ),
  };
}

function lastClosed(
  steps: readonly RunStep[],
  parts: readonly StoredProgress[],
  name: string,
  at: Date,
): Date {
  const numbers = steps.find((step) => stepName(step) === name)?.dependsOn ?? [];
  const names = new Set(numbers.map((no) => stepName({ no })));
  const times = parts.flatMap(({ part, progress }) => (names.has(part ?? '') ? progress.since : []));
  return new Date(Math.max(at.getTime(), ...times.map((time) => time.getTime())));
}

const startedStates: ReadonlySet<string> = new Set(['started', 'handed-over', 'done', 'failed']);

/** Flags the steps that depend on a step, directly or by others, and that started before it was opened again. */
function flagStarted({ attempt, parts, before }: MovedPart): PartEffects {
  const names = dependantsOf(stepsOf(attempt.fields), before?.part ?? '');
  const started = parts.filter(
    ({ part, progress }) => names.has(part ?? '') && startedStates.has(progress.state),
  );
  return {
    parts: started.map((one) => {
      const { progress } = one;
      const flagged: Progress = { ...progress, facts: { ...progress.facts, flagged: true } };
      return { part: one.part ?? '', move: 'flagStep', before: one, progress: flagged };
    }),
  };
}

function stepsOf(fields: Moved['content'] | undefined): readonly RunStep[] {
  return stepsIn(fields ?? {});
}
