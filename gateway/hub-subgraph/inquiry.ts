import { HubError } from '../../schema/errors.ts';
import type { Guarded } from './guard.ts';

/** Of one line, as files and courts write theirs: EDPS-2026-0141. It stands in the trail for good, so no name is taken. */
const caseNumber = /^(?=.*\p{N})[\p{L}\p{N}][\p{L}\p{N} ./:_-]{0,63}$/u;

/**
 * The case number that the log is read for (J30), null where none is stated. Throws BAD_USER_INPUT where it is malformed,
 * and where it is missing and the reader is none of the policy's auditors, who read the log without an inquiry (J29).
 */
export function inquiryOf(stated: string | null | undefined, { readerAccess }: Guarded): string | null {
  if (stated !== null && stated !== undefined) {
    if (!caseNumber.test(stated)) throw new HubError('BAD_USER_INPUT', 'inquiry: expected a case number');
    return stated;
  }
  if (!readerAccess.mayUse('Query', 'policy'))
    throw new HubError('BAD_USER_INPUT', 'inquiry: the case number that the log is read for');
  return null;
}
