import { z } from 'zod';

/** So many points at once, and as many again over each such time: a bucket that refills evenly. */
export type Budget = { readonly points: number; readonly seconds: number };

/** What each reader and each organisation may spend, unless the registry says otherwise of the organisation. */
export type Budgets = { readonly reader: Budget; readonly organisation: Budget };

const most = { points: 1_000_000_000, seconds: 86_400 } as const;
const shape = z.strictObject({
  points: z.int().min(1).max(most.points),
  seconds: z.int().min(1).max(most.seconds),
});

/** A budget as a registry entry holds it; null where it is none of this form. */
export function checkBudget(value: unknown): Budget | null {
  return shape.safeParse(value).data ?? null;
}

/** A budget as a setting has it, `POINTS/SECONDS`; null where it is none of this form. */
export function parseBudget(text: string): Budget | null {
  const [, points, seconds] = /^(\d{1,10})\/(\d{1,5})$/.exec(text) ?? [];
  return checkBudget({ points: Number(points), seconds: Number(seconds) });
}

/** Points that come back each second. */
export function rateOf({ points, seconds }: Budget): number {
  return points / seconds;
}

/**
 * The reader's budget in an organisation: never more than half of the organisation's, at once and over time, so that
 * no reader alone can spend what is there for all. Null where half of it is nothing.
 */
export function withinHalf(reader: Budget, organisation: Budget): Budget | null {
  const points = Math.min(reader.points, Math.floor(organisation.points / 2));
  const rate = Math.min(rateOf(reader), rateOf(organisation) / 2);
  return points === 0 ? null : { points, seconds: Math.ceil(points / rate) };
}
