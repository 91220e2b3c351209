import type { MoveFile } from '../../../../schema/workflow/language/language.ts';
import { holds } from './plain-input.ts';
import type { Values } from './plain-world.ts';

/** Returns a number from 0 to below the limit. A test decides which: always the first, or a random one. */
export type Pick = (limit: number) => number;

/** Always takes the first possibility. */
export const first: Pick = () => 0;

/** The conditions that the values must meet: the permitted words by name. */
export type Words = Readonly<Record<string, readonly string[]>>;

/** The situation for which an input is built. */
export type Setting = {
  readonly known: Values;
  readonly now: Date;
  readonly pick: Pick;
  /** Choices to take, so that a condition is met. */
  readonly words?: Words;
};

const hour = 3_600_000;

/** Returns an input that states each value that a move needs and takes, as its declaration demands. */
export function inputFor(move: MoveFile, setting: Setting): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  if (Array.isArray(move.to)) input['to'] = move.to[setting.pick(move.to.length)];
  for (const [name, declared] of Object.entries(move.input)) {
    if (!holds(declared.when, { ...setting.known, ...input })) continue;
    input[name] = valueFor(name, declared, input, setting);
  }
  return input;
}

function valueFor(
  name: string,
  { type, choices = [], after, notAfter }: MoveFile['input'][string],
  input: Values,
  { known, now, pick, words = {} }: Setting,
): unknown {
  if (type === 'choice') {
    const wanted = choices.filter((choice) => words[name]?.includes(choice) ?? true);
    return wanted[pick(wanted.length)];
  }
  if (type === 'text') return `text ${pick(9)}`;
  if (type === 'boolean') return pick(2) === 0;
  if (type === 'number') return pick(9);
  if (type !== 'instant') return type.endsWith('s') ? [`one ${pick(9)}`] : `one ${pick(9)}`;
  const limit = (other: string | undefined): Date | undefined => {
    if (other === 'move') return now;
    const value = other === undefined ? undefined : (other === name ? known : { ...known, ...input })[other];
    return value instanceof Date ? value : undefined;
  };
  const latest = limit(notAfter);
  if (latest !== undefined) {
    const wanted = new Date(latest.getTime() - pick(3) * hour);
    return wanted > (limit(after) ?? new Date(0)) ? wanted : latest;
  }
  const steps = [1, 3, 30, 24 * 3, 24 * 70];
  return new Date((limit(after) ?? now).getTime() + (steps[pick(steps.length)] ?? 1) * hour);
}
