import type { Rewrite, Step } from './plan.ts';
import { isRawObject, type RawObject } from './raw.ts';
import type { Types } from './types.ts';

/** Applies the planner's rewrites to a representation or an entity, in order. */
export function applyRewrites(rewrites: readonly Rewrite[], value: RawObject, types: Types): void {
  for (const rewrite of rewrites) applyAt(rewrite, 0, value, types);
}

function applyAt(rewrite: Rewrite, at: number, value: unknown, types: Types): void {
  if (Array.isArray(value)) {
    for (const item of value) applyAt(rewrite, at, item, types);
    return;
  }
  if (!isRawObject(value)) return;
  const step = rewrite.path[at];
  if (step === undefined) change(rewrite, value);
  else if (step.kind === 'key') applyAt(rewrite, at + 1, value[step.key], types);
  else if (step.kind === 'items' || isOfTypes(value, step, types)) applyAt(rewrite, at + 1, value, types);
}

/** An object without the name of its type has the type of the condition: nothing else was asked for there. */
function isOfTypes(value: RawObject, step: Extract<Step, { kind: 'types' }>, types: Types): boolean {
  const type = value['__typename'];
  return typeof type !== 'string' || step.types.some((condition) => types.is(type, condition));
}

function change({ key, change: how }: Rewrite, value: RawObject): void {
  if ('setTo' in how) {
    value[key] = how.setTo;
    return;
  }
  if (!Object.hasOwn(value, key)) return;
  value[how.renameTo] = value[key];
  delete value[key];
}
