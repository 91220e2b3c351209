import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import { Refused } from '../changes/refused.ts';

type Stated = { readonly input: Readonly<Record<string, unknown>>; readonly happenedAt: Date };
type Check = (stated: Stated, endOf: EndOfClock) => Refused | null;

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
};

/** Throws Refused if a ground of refusal of the move applies. */
export function refuseByGround(workflow: string, move: string, stated: Stated, endOf: EndOfClock): void {
  const refused = checks[`${workflow}.${move}`]?.(stated, endOf) ?? null;
  if (refused !== null) throw refused;
}

function needsOneOf(input: Stated['input'], names: readonly string[]): Refused | null {
  const isStated = names.some((name) => {
    const value = input[name] ?? null;
    return value !== null && !(Array.isArray(value) && value.length === 0);
  });
  return isStated ? null : new Refused('INVALID', [names[0] ?? ''], `this move needs ${names.join(' or ')}`);
}
