import { HubError } from '../../schema/errors.ts';

/** How many questions one operation may still put to the hub's own side. */
export type Allowance = { left: number };

const maxQuestions = 20;

/** The allowance of one operation. */
export function openAllowance(): Allowance {
  return { left: maxQuestions };
}

/**
 * Takes one question. Each reads the log, or is worked out over all rules on the thread that answers everybody, and
 * aliases would let one operation put a thousand. Throws OPERATION_TOO_LARGE when none is left.
 */
export function takeQuestion({ allowance }: { readonly allowance: Allowance }): void {
  if (allowance.left <= 0)
    throw new HubError('OPERATION_TOO_LARGE', `more than ${maxQuestions} questions to the hub's own side`);
  allowance.left -= 1;
}
