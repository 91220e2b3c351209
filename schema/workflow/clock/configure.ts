import type { CountedPeriod } from './language.ts';
import { type Clocks, ClocksError } from './load.ts';
import type { Clock } from './period.ts';

/** The periods that a deployment sets, by the id of the clock, or by id and variant: `silence/crisis`. */
export type ConfiguredPeriods = Readonly<Record<string, CountedPeriod>>;

/**
 * Returns the clocks with other periods of practice. For a clock whose end is stated the period is the longest one that
 * may be stated; for a clock without a due time it is the time until the reminder.
 *
 * Throws ClocksError with a line for each unknown clock or variant, period of law and limit of the hub.
 *
 * @example
 * configureClocks(clocks, { 'hold-answer': { kind: 'hours', length: 1 } })
 */
export function configureClocks({ clocks, calendars }: Clocks, periods: ConfiguredPeriods): Clocks {
  const configured = new Map(clocks);
  const faults: string[] = [];
  for (const [name, period] of Object.entries(periods)) {
    const [id = '', variant] = name.split('/');
    const clock = configured.get(id);
    const changed = clock === undefined ? 'unknown clock' : changedClock(clock, variant, period);
    if (typeof changed === 'string') faults.push(`clock ${name}: ${changed}`);
    else configured.set(id, changed);
  }
  if (faults.length > 0) throw new ClocksError(faults);
  return { clocks: configured, calendars };
}

/** Returns the changed clock, or the fault of the change. */
function changedClock(clock: Clock, variant: string | undefined, period: CountedPeriod): Clock | string {
  const { basis, variants } = clock;
  if (basis !== 'practice') return `expected a clock of practice, got one of ${basis}`;
  if (variant === undefined) return { ...clock, ...changedPeriod(clock, period) };
  const known = Object.hasOwn(variants, variant) ? variants[variant] : undefined;
  if (known === undefined) return 'unknown variant';
  return { ...clock, variants: { ...variants, [variant]: { ...known, period } } };
}

function changedPeriod({ period: { kind } }: Clock, period: CountedPeriod): Partial<Clock> {
  if (kind === 'rule') return { atMost: period };
  return { period: kind === 'none' ? { kind, remindAfter: period } : period };
}
