const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * The pauses between the attempts to deliver one notice, as Standard Webhooks recommends: ten attempts in about three days.
 */
const pausesMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** The longest pause that a receiver can ask for. */
const maxRetryAfterMs = 24 * hour;

/** The pause after a failure of the hub itself, which is no attempt. */
export const postponeMs = 30 * second;

/**
 * Returns the time of the next attempt after `attempts` of them failed; null after the last one. The pause varies by up to
 * a tenth in each direction, so that the notices of an outage do not come back all at once. The receiver can only lengthen
 * it (`retryAfterMs`).
 */
export function nextAttempt(
  attempts: number,
  retryAfterMs: number | null,
  now: Date,
  random: () => number,
): Date | null {
  const pause = pausesMs[attempts - 1];
  if (pause === undefined) return null;
  const varied = pause * (0.9 + 0.2 * random());
  const asked = Math.min(retryAfterMs ?? 0, maxRetryAfterMs);
  return new Date(now.getTime() + Math.round(Math.max(varied, asked)));
}

/** Reads the header `retry-after`: seconds, or a date (RFC 9110, section 10.2.3). Null for any other text. */
export function readRetryAfter(text: string | undefined, now: Date): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * second;
  const at = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
