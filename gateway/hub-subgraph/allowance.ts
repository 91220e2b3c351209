import { HubError } from '../../schema/errors.ts';

/** The number of questions that one operation may still ask. */
export type Allowance = { left: number };

const maxQuestions = 20;

/** Returns the allowance of one operation: 20 questions. */
export function openAllowance(): Allowance {
  return { left: maxQuestions };
}

/**
 * Takes one question from the allowance. A question reads the audit log or evaluates all rules on the main thread, and
 * with aliases one operation could ask a thousand. Throws OPERATION_TOO_LARGE if no question is left.
 */
export function takeQuestion({ allowance }: { readonly allowance: Allowance }): void {
  if (allowance.left <= 0)
    throw new HubError(
      'OPERATION_TOO_LARGE',
      `expected at most ${maxQuestions} questions to the policy and the audit log in one operation`,
    );
  allowance.left -= 1;
}
