import { HubError } from '../../schema/errors.ts';
import type { Guarded } from './guard.ts';

/** One line with at least one digit, such as EDPS-2026-0141. The audit log keeps it forever, so names are not accepted. */
const caseNumber = /^(?=.*\p{N})[\p{L}\p{N}][\p{L}\p{N} ./:_-]{0,63}$/u;

/**
 * Returns the case number of the inquiry for which the log is read (J30); null if none is stated. Throws BAD_USER_INPUT
 * if it is malformed. It may be missing only for the policy's auditors, who read the log without an inquiry (J29).
 */
export function inquiryOf(stated: string | null | undefined, { readerAccess }: Guarded): string | null {
  if (stated !== null && stated !== undefined) {
    if (!caseNumber.test(stated))
      throw new HubError('BAD_USER_INPUT', 'inquiry: expected a case number such as EDPS-2026-0141');
    return stated;
  }
  if (!readerAccess.mayUse('Query', 'policy'))
    throw new HubError(
      'BAD_USER_INPUT',
      'inquiry: expected the case number for which the log is read, got nothing',
    );
  return null;
}
