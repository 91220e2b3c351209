import type { Calendar } from '../clock/calendar.ts';
import type { Clocks } from '../clock/load.ts';
import { type Deadline, deadlineOf } from '../clock/period.ts';
import type { Regime, RegimeStage } from './language.ts';
import type { Regimes } from './load.ts';

/** The facts of a file on which the ends of its stages depend. */
export type FileFacts = Readonly<Record<string, unknown>>;

/** The clock of a stage, and the event that starts it. */
export type StageTerms = Pick<RegimeStage, 'clock' | 'variant' | 'from'>;

/** A stage of a file by its kind and its number, from 1 on. */
export type NumberedStage = { readonly kind: string; readonly number: number };

/** The regimes of notification files, and the ends of their stages in the calendar and zone of the addressee. */
export class FileRegimes {
  readonly #regimes: Regimes;
  readonly #clocks: Clocks;

  constructor(regimes: Regimes, clocks: Clocks) {
    this.#regimes = regimes;
    this.#clocks = clocks;
  }

  /** The regime of a file. Throws an error for a name that `regimes.yaml` does not have. */
  of({ underRegime }: FileFacts): Regime {
    const regime = typeof underRegime === 'string' ? this.#regimes.get(underRegime) : undefined;
    if (regime === undefined)
      throw new Error(`expected a regime of regimes.yaml, got ${String(underRegime)}`);
    return regime;
  }

  /** The zones of the file's Member State. */
  zonesOf(facts: FileFacts): readonly string[] {
    return this.#calendarOf(facts).file.zones;
  }

  /**
   * The clock of a stage. Null for a stage without one, such as a report on request. The final stage that follows a
   * progress report has a clock of its regime for this.
   */
  termsOf(facts: FileFacts, { kind, number }: NumberedStage): StageTerms | null {
    const stage = this.of(facts).stages.find((one) => one.kind === kind);
    if (stage === undefined) return null;
    if (number === 1) return stage;
    const { afterProgress } = stage;
    return afterProgress === undefined ? null : { clock: afterProgress, from: 'handledAt' };
  }

  /** The end of a stage whose clock starts at an instant. */
  endOf({ clock: id, variant }: StageTerms, startedAt: Date, facts: FileFacts): Deadline {
    const clock = this.#clocks.clocks.get(id);
    if (clock === undefined) throw new Error(`expected a clock of clocks.yaml, got ${id}`);
    const { zone, awareAt, weekendRule } = facts;
    const hasWeekendRule = weekendRule === true && Object.hasOwn(clock.variants, weekend);
    const deadline = deadlineOf(clock, {
      startedAt,
      calendar: this.#calendarOf(facts),
      zone: typeof zone === 'string' ? zone : undefined,
      variant: variant ?? (hasWeekendRule ? weekend : undefined),
      facts: awareAt instanceof Date ? { awareAt } : {},
    });
    if (deadline === null) throw new Error(`expected a clock with an end, got ${id}`);
    return deadline;
  }

  #calendarOf({ memberState }: FileFacts): Calendar {
    const calendar = this.#clocks.calendars.get(String(memberState).toLowerCase());
    if (calendar === undefined)
      throw new Error(`expected a Member State with a calendar, got ${String(memberState)}`);
    return calendar;
  }
}

/** The variant of DORA's clocks for an entity that may report by noon of the next working day. */
const weekend = 'weekend-rule';
