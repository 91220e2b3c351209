import { communities } from '../../../schema/record/vocabulary.ts';
import type { Op } from './plans.ts';

/** The store queries of one journey, summed up. */
export type Cost = {
  readonly queries: number;
  readonly keys: number;
  readonly documents: number;
  readonly rows: number;
  /** The maximum of keys that one query examined, and its bound. */
  readonly worst: { readonly keys: number; readonly bound: number };
  readonly plans: readonly string[];
};

/** Sums up a journey's queries of the communities' stores. */
export function costOf(ops: readonly Op[]): Cost {
  const own = ops.filter(isCommunity);
  const sum = (of: (op: Op) => number) => own.reduce((total, op) => total + of(op), 0);
  const worst = own.toSorted((one, other) => other.keys - one.keys)[0];
  return {
    queries: own.length,
    keys: sum((op) => op.keys),
    documents: sum((op) => op.documents),
    rows: sum((op) => op.rows),
    worst: { keys: worst?.keys ?? 0, bound: worst === undefined ? 0 : boundOf(worst) },
    plans: [...new Set(own.map((op) => `${op.store}.${op.collection}: ${planOf(op)}`))].toSorted(),
  };
}

/** Returns the faults of a query: it scans a collection, sorts in memory, or examines more keys than its rows explain. */
export function faultsOf(ops: readonly Op[]): readonly string[] {
  const faults = ops.flatMap((op) => {
    const where = `${op.store}.${op.collection} (${planOf(op)})`;
    const walks = op.scansAll && isCommunity(op) ? [`${where} walks the collection`] : [];
    const sorts = op.sorts && isCommunity(op) ? [`${where} sorts in memory`] : [];
    const more = isCommunity(op) && op.keys > boundOf(op);
    const why = `${op.keys} keys for ${op.rows} rows over ${op.scans} scans`;
    return [...walks, ...sorts, ...(more ? [`${where} examines ${why}, more than ${boundOf(op)}`] : [])];
  });
  return [...new Set(faults)];
}

/** A merge over many held keys has its index once for each key. */
function planOf({ plan }: Op): string {
  return [...new Set(plan.split(/, (?=[A-Z]+ \{)/))].join(', ');
}

/**
 * The most keys that a query may examine: each row under every held key that admits it (at most all, in fact a few),
 * every scan with one key beyond its end, and some rows on the way that an embargo keeps back.
 */
export function boundOf(op: Op): number {
  const maxMeetings = Math.min(op.held, 4);
  return op.rows * maxMeetings + op.scans * 2 + 10;
}

function isCommunity(op: Op): boolean {
  return communities.some((name) => name === op.store);
}
