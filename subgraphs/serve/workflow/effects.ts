import type { Effect, Effects, Moved } from './effect.ts';
import { effectsOfFiles } from './kinds/file-effects.ts';
import { effectsOfRuns } from './kinds/run-effects.ts';
import { effectsOfWithholding } from './kinds/withholding-effects.ts';

const effects: Readonly<Record<string, Effect>> = {
  ...effectsOfFiles,
  ...effectsOfWithholding,
  ...effectsOfRuns,
  'case.withdrawMerge': () => ({ fields: { mergeProposed: null } }),
};

/** Returns the effects of a move of a record that code decides. Throws Refused if a ground of refusal applies. */
export function effectsOf(workflow: string, moved: Moved): Effects {
  return effects[`${workflow}.${moved.attempt.move}`]?.(moved) ?? {};
}
