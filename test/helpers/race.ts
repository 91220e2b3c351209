import { MongoError } from 'mongodb';
import { isDuplicateKey } from '../../schema/runtime/duplicate-key.ts';
import { DeadlineExceeded } from '../../schema/runtime/within.ts';

/** The time within which every racer gets an answer, below the time limit of a test. */
const patienceMs = 200_000;

/** The number of racers: the usual one in a test, or JCU_RACERS in a soak (`npm run soak:races`). */
export function racersOr(usual: number): number {
  const given = process.env['JCU_RACERS'];
  return given === undefined ? usual : Number(given);
}

/** Lets all race at once. A racer whose change met too many others tries again. Any other error fails the test. */
export async function race<Result>(
  racers: number,
  attempt: (racer: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const end = performance.now() + patienceMs;
  const all = Array.from({ length: racers }, async (_none, racer) => {
    for (;;) {
      try {
        return await attempt(racer);
      } catch (error) {
        if (!isConflict(error) || performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50 + 10 * racer));
      }
    }
  });
  return await Promise.all(all);
}

/** Too many changes at once: the deadline of a change ran out, or the store gave up on a conflict. */
function isConflict(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof DeadlineExceeded) return true;
  if (!(cause instanceof MongoError)) return false;
  // The driver marks a conflict, and a commit that ran out of time. Two transactions can insert the same document.
  const marks = ['TransientTransactionError', 'UnknownTransactionCommitResult'];
  return marks.some((mark) => cause.hasErrorLabel(mark)) || isDuplicateKey(cause);
}
