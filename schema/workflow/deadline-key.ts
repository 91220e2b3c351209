/** The longest period for which deadlines are listed. */
export const maxPeriodDays = 400;

/** A period: from an instant on, and before another one. */
export type Period = { readonly from: Date; readonly to: Date };

const prefix = 'Deadlines:';

/** Returns the key of the deadlines in a period: an ISO 8601 interval in UTC. */
export function deadlinesKey({ from, to }: Period): string {
  return `${prefix}${from.toISOString()}/${to.toISOString()}`;
}

/** Returns the period of a key. Null if it is not one, ends before it begins, or is longer than 400 days. */
export function readPeriod(key: string): Period | null {
  const [from = '', to = '', ...rest] = key.startsWith(prefix) ? key.slice(prefix.length).split('/') : [];
  const period = { from: new Date(from), to: new Date(to) };
  const isPeriod = rest.length === 0 && [period.from, period.to].every((one) => !Number.isNaN(one.getTime()));
  return isPeriod && findWrongPeriod(period) === null && deadlinesKey(period) === key ? period : null;
}

/** Returns why a period is refused, with the name of the argument; null if it is not. */
export function findWrongPeriod({ from, to }: Period): string | null {
  if (to < from) return 'to: expected a time that is not before from';
  const days = (to.getTime() - from.getTime()) / 86_400_000;
  return days > maxPeriodDays ? `to: expected at most ${maxPeriodDays} days after from` : null;
}
