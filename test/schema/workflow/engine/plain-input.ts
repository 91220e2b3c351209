import type { MoveFile } from '../../../../schema/workflow/language/language.ts';
import type { Values, World } from './plain-world.ts';

/** Returns the first input that does not fit the declaration of a move, or null if all fit. */
export function faultOfInput(
  move: MoveFile,
  { history, fields }: World,
  { input, happenedAt }: { readonly input: Values; readonly happenedAt: Date },
): string | null {
  const before: Values = { ...fields, ...history.at(-1)?.facts };
  if (Array.isArray(move.to) && !move.to.some((state) => state === input['to'])) return 'to';
  for (const [name, declared] of Object.entries(move.input)) {
    const value = isNothing(input[name]) ? null : input[name];
    const isWanted = holds(declared.when, { ...before, ...input });
    if (!isWanted && value !== null) return name;
    if (!isWanted) continue;
    if (value === null) {
      if (declared.optional !== true) return name;
      continue;
    }
    if (!fits(declared, value)) return name;
    // A new value of the same name is compared with the one before.
    const timeOf = (other: string): unknown => {
      if (other === 'move') return happenedAt;
      return other === name ? before[other] : (input[other] ?? before[other]);
    };
    if (declared.notAfter !== undefined && isLater(value, timeOf(declared.notAfter))) return name;
    if (declared.after !== undefined && !isLater(value, timeOf(declared.after))) return name;
  }
  const taken = Object.keys(move.input).concat(Array.isArray(move.to) ? ['to'] : []);
  return Object.keys(input).find((name) => !taken.includes(name)) ?? null;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Returns whether each named value is one of the listed words. */
export function holds(when: MoveFile['when'], values: Values): boolean {
  return Object.entries(when ?? {}).every(([name, words]) => words.includes(String(values[name])));
}

/** A text has at most 10,000 characters, any other value 200, and a list 100 of them. */
function fits({ type, choices }: MoveFile['input'][string], value: unknown): boolean {
  if (type === 'choice') return choices?.some((choice) => choice === value) === true;
  if (type === 'text') return typeof value !== 'string' || (value.trim() !== '' && value.length <= 10_000);
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.length <= 100 && all.every((one) => typeof one !== 'string' || one.length <= 200);
}

function isLater(value: unknown, limit: unknown): boolean {
  return value instanceof Date && limit instanceof Date && value.getTime() > limit.getTime();
}
