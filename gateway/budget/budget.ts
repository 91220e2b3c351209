import { z } from 'zod';

/** A token bucket: its capacity in points, and the seconds in which it refills evenly from empty to full. */
export type Budget = { readonly points: number; readonly seconds: number };

/** The budgets of a reader and of an organisation. The registry may override the organisation's. */
export type Budgets = { readonly reader: Budget; readonly organisation: Budget };

const max = { points: 1_000_000_000, seconds: 86_400 } as const;
const shape = z.strictObject({
  points: z.int().min(1).max(max.points),
  seconds: z.int().min(1).max(max.seconds),
});

/** Validates a budget of a registry entry; returns null if it is invalid. */
export function checkBudget(value: unknown): Budget | null {
  return shape.safeParse(value).data ?? null;
}

/** Parses a budget of a setting, `POINTS/SECONDS`; returns null if it is invalid. */
export function parseBudget(text: string): Budget | null {
  const [, points, seconds] = /^(\d{1,10})\/(\d{1,5})$/.exec(text) ?? [];
  return checkBudget({ points: Number(points), seconds: Number(seconds) });
}

/** Returns the refill rate in points per second. */
export function rateOf({ points, seconds }: Budget): number {
  return points / seconds;
}

/**
 * Limits a reader's budget to half of the organisation's, in capacity and in rate, so that one reader cannot spend it
 * all. Returns null if half of the organisation's capacity is 0 points.
 */
export function withinHalf(reader: Budget, organisation: Budget): Budget | null {
  const points = Math.min(reader.points, Math.floor(organisation.points / 2));
  const rate = Math.min(rateOf(reader), rateOf(organisation) / 2);
  return points === 0 ? null : { points, seconds: Math.ceil(points / rate) };
}
