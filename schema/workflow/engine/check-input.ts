import { applies, valuesOf } from './condition.ts';
import type { MoveFile, WorkflowFile } from '../language/language.ts';
import type { Attempt, MoveRefused } from './attempt.ts';

/** The most characters of a text and of any other value that a move states, and the most items of a list. */
export const maxText = 10_000;
export const maxValue = 200;
export const maxItems = 100;

/** Returns why the input of a move is refused: the first missing, empty or impossible value. Null if it is complete. */
export function checkInput(
  workflow: WorkflowFile,
  { input: stated, to }: Pick<MoveFile, 'input' | 'to'>,
  { input, known, fields = {}, happenedAt }: Pick<Attempt, 'input' | 'known' | 'fields' | 'happenedAt'>,
): MoveRefused | null {
  const before = valuesOf({ known, fields, input: {} });
  const values = valuesOf({ known, fields, input });
  // A new value of the same name is compared with the one before.
  const timeOf = (other: string, name: string): unknown =>
    other === 'move' ? happenedAt : (other === name ? before : values)[other];
  if (Array.isArray(to) && !to.includes(String(input['to'])))
    return invalid('to', `expected the state that it leads to: ${to.join(' or ')}`);
  for (const [name, { is, optional, notAfter, after, type, choices, when }] of Object.entries(stated)) {
    const value = isEmpty(input[name]) ? null : input[name];
    if (!applies(when, values)) {
      if (value !== null) return invalid(name, `${name} does not belong to this move as it is stated`);
      continue;
    }
    if (value === null && optional !== true) return invalid(name, `this move needs ${name}: ${is}`);
    if (value === null) continue;
    if (type === 'text' && typeof value === 'string' && (value.trim() === '' || value.length > maxText))
      return invalid(name, `expected 1 to ${maxText} characters`);
    if (Array.isArray(value) && value.length > maxItems)
      return invalid(name, `expected ${maxItems} values at most, got ${value.length}`);
    if (type !== 'text' && [value].flat().some((one) => typeof one === 'string' && one.length > maxValue))
      return invalid(name, `expected ${maxValue} characters at most`);
    if (type === 'choice' && !(typeof value === 'string' && choices?.includes(value) === true))
      return invalid(name, `expected one of ${(choices ?? []).join(', ')}`);
    if (notAfter !== undefined && isAfter(value, timeOf(notAfter, name)))
      return invalid(
        name,
        notAfter === 'move'
          ? 'expected a time that is over'
          : `expected a time that is not after ${notAfter}`,
      );
    if (after !== undefined && !isAfter(value, timeOf(after, name)))
      return invalid(name, `expected a time after ${nameOf(after)}`);
  }
  return findUnknown(workflow, Array.isArray(to) ? { ...stated, to: null } : stated, input);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function invalid(name: string, message: string): MoveRefused {
  return { code: 'INVALID', path: [name], message };
}

function findUnknown(
  { title }: Pick<WorkflowFile, 'title'>,
  stated: Readonly<Record<string, unknown>>,
  input: Attempt['input'],
): MoveRefused | null {
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(stated, name));
  if (unknown === undefined) return null;
  return { code: 'INVALID', path: [unknown], message: `this move of "${title}" takes no ${unknown}` };
}

function isAfter(value: unknown, limit: unknown): boolean {
  return value instanceof Date && limit instanceof Date && value > limit;
}

function nameOf(limit: string): string {
  return limit === 'move' ? 'the time of the move' : limit;
}
