import { valuesOf } from '../../../schema/workflow/engine/condition.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import { Refused } from '../changes/refused.ts';
import { groundsOfCases } from './kinds/case-grounds.ts';
import { groundsOfReleaseAnswers } from './kinds/release-grounds.ts';
import type { Check, Stated } from './ground.ts';

/** The grounds of refusal (`refusedIf`) that code decides, by workflow and move. */
const checks: Readonly<Record<string, Check>> = {
  'information-thread.answer': ({ input }) => needsOneOf(input, ['text', 'records']),
  'hold.counter': ({ input }) => needsOneOf(input, ['scope', 'until']),
  'hold.ask': ({ input: { until }, happenedAt }, endOf) => {
    const latest = endOf('hold', happenedAt);
    const isLonger = until instanceof Date && latest !== null && until > latest;
    return isLonger
      ? new Refused('INVALID', ['until'], `expected ${latest.toISOString()} at the latest`)
      : null;
  },
  'mobilisation.request': (stated) => {
    const { mechanism, situationLevel } = valuesOf(stated);
    if (mechanism !== 'reserve' || levelsOfReserve.has(String(situationLevel))) return null;
    const law = 'Regulation (EU) 2025/38 Art. 15';
    return new Refused(
      'INVALID',
      ['situationLevel'],
      `the Reserve is for a significant incident or a higher level (${law}): the level is ${typeof situationLevel === 'string' ? situationLevel : 'not stated'}`,
    );
  },
  'mobilisation.prepare': ({ input: { checked } }) =>
    checked === true
      ? null
      : new Refused('INVALID', ['checked'], 'check the clearance and conflicts of interest first'),
  'booking.onCall': ({ input: { noticeHours } }) =>
    typeof noticeHours === 'number' && noticeHours >= 0 && noticeHours <= 8784
      ? null
      : new Refused('INVALID', ['noticeHours'], 'expected 0 to 8784 hours'),
  // Others learn of these when they are entered: their time must not have begun before.
  'told-list.send': (stated) => findLate(stated),
  'told-list.retry': (stated) => findLate(stated),
  'response-plan.submit': (stated) => findLate(stated),
  'response-plan.toApproval': (stated, endOf) => findLate(stated) ?? findShortSilence(stated, endOf),
  'notification-file.measure': ({ input: { measureAt }, known }) => {
    const before = known?.progress.facts['measureAt'];
    return before instanceof Date && measureAt instanceof Date && measureAt > before
      ? new Refused(
          'INVALID',
          ['measureAt'],
          `expected ${before.toISOString()} at the latest: a clock runs from it`,
        )
      : null;
  },
  ...groundsOfCases,
  ...groundsOfReleaseAnswers,
};

function findLate({ late }: Stated): Refused | null {
  return late === null
    ? null
    : new Refused(
        'INVALID',
        ['happenedAt'],
        'the time of the others begins when it is entered: leave it out',
      );
}

/** Silence counts as approval only after the time of a silence procedure. */
function findShortSilence(
  { input: { mode, approveUntil }, happenedAt }: Stated,
  endOf: EndOfClock,
): Refused | null {
  const first = endOf('silence', happenedAt);
  const isShort = first !== null && approveUntil instanceof Date && approveUntil < first;
  return mode === 'silence' && isShort
    ? new Refused(
        'INVALID',
        ['approveUntil'],
        `expected ${first.toISOString()} at the earliest, because silence counts`,
      )
    : null;
}

const levelsOfReserve: ReadonlySet<string> = new Set([
  'SIGNIFICANT_INCIDENT',
  'LARGE_SCALE_INCIDENT',
  'LARGE_SCALE_EQUIVALENT',
  'MAJOR_INCIDENT',
  'UNION_LEVEL_CYBER_CRISIS',
]);

/** Throws Refused if a ground of refusal of the move applies. */
export function refuseByGround(workflow: string, stated: Stated, endOf: EndOfClock): void {
  const refused = checks[`${workflow}.${stated.move}`]?.(stated, endOf) ?? null;
  if (refused !== null) throw refused;
}

function needsOneOf(input: Stated['input'], names: readonly string[]): Refused | null {
  const isStated = names.some((name) => {
    const value = input[name] ?? null;
    return value !== null && !(Array.isArray(value) && value.length === 0);
  });
  return isStated ? null : new Refused('INVALID', [names[0] ?? ''], `this move needs ${names.join(' or ')}`);
}
