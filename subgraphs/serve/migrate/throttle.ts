const everyMs = 60_000;

/** Passes each message on once a minute at most, so that a fault of every request does not flood the log. */
export function throttle(
  report: (message: string) => void,
  now = () => performance.now(),
): (message: string) => void {
  const reportedAt = new Map<string, number>();
  return (message) => {
    const before = reportedAt.get(message);
    if (before !== undefined && now() - before < everyMs) return;
    reportedAt.set(message, now());
    report(message);
  };
}
