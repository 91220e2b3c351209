import { ByteCache } from '../../../schema/runtime/byte-cache.ts';

const everyMs = 60_000;
/** A message that is no longer remembered is passed on before its minute is over. */
const maxBytes = 1_000_000;

/** Passes each message on once a minute at most, so that a fault of every request does not flood the log. */
export function throttle(
  report: (message: string) => void,
  now = () => performance.now(),
): (message: string) => void {
  const reportedAt = new ByteCache<number>(maxBytes);
  return (message) => {
    const before = reportedAt.get(message);
    if (before !== undefined && now() - before < everyMs) return;
    reportedAt.set(message, now(), 8);
    report(message);
  };
}
