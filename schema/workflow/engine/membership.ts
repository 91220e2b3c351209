import type { MembershipFile, MoveFile } from '../language/language.ts';
import type { Attempt } from './attempt.ts';

/** A setting of a move: the value of one of its `sets`. */
type Setting = NonNullable<MoveFile['sets']>[string];
/** Changes of the organisations that a fact names. */
type Membership = MembershipFile | readonly MembershipFile[];

/** Returns whether a setting changes the organisations that a fact names. */
export function isMembership(setting: Setting): setting is Extract<Setting, Membership> {
  if (Array.isArray(setting)) return true;
  if (typeof setting !== 'object' || setting === null) return false;
  return 'set' in setting || 'add' in setting || 'remove' in setting;
}

/**
 * Returns the organisations that a fact names after the changes of a move, each once. `values` are those before the
 * move and its inputs, `mover` is the organisation that makes it.
 */
export function organisationsAfter(
  before: unknown,
  changes: Membership,
  values: Attempt['input'],
  mover: string,
): readonly string[] {
  const named = (name: string): readonly string[] => (name === 'mover' ? [mover] : listOf(values[name]));
  const all: readonly MembershipFile[] = [changes].flat();
  return all.reduce<readonly string[]>((list, change) => {
    if ('set' in change) return [...new Set(named(change.set))];
    if ('add' in change) return [...new Set([...list, ...named(change.add)])];
    const removed = named(change.remove);
    return list.filter((one) => !removed.includes(one));
  }, listOf(before));
}

/** Returns the organisations of a value: of one that names one, of a list, or of none. */
function listOf(value: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one) => typeof one === 'string');
}
