import type { Content } from '../../record/content.ts';
import type { Effect, PartChange } from '../effect.ts';
import { isClosed, nextDueOf, performersOf, stepChanged, stepName, stepsIn } from './run-steps.ts';

/** The effects of the moves of a run of a procedure: its steps begin and end with it. */
export const effectsOfRuns: Readonly<Record<string, Effect>> = {
  'procedure-run.start': ({ attempt, content }) => {
    const parts = firstSteps(content, attempt.happenedAt);
    return { parts, facts: { nextStepDueAt: nextDueOf(parts) } };
  },
  'procedure-run.abort': ({ attempt: { input, happenedAt }, parts }) => ({
    parts: parts
      .filter(({ progress }) => !isClosed(progress.state))
      .map((before) => stepChanged(before, 'skipStep', 'skipped', happenedAt, { reason: input['reason'] })),
  }),
};

function firstSteps(content: Content, at: Date): readonly PartChange[] {
  const steps = stepsIn(content);
  const performerOf = performersOf(steps, content);
  return steps.map((step) => {
    const { organisation, person } = performerOf(step);
    const facts = {
      ...(step.dueAt !== null && { dueAt: step.dueAt }),
      obligation: step.mandatory ? 'must' : 'should',
      performer: organisation,
      performerPerson: person,
      flagged: false,
    };
    const state = step.dependsOn.length === 0 ? 'ready' : 'waiting';
    const progress = { state, since: at, facts, former: null };
    return { part: stepName(step), move: 'start', before: null, progress };
  });
}
