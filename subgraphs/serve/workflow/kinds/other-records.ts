import type { ClientSession } from 'mongodb';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { Reading } from '../../changes/reading.ts';
import { Refused } from '../../changes/refused.ts';
import type { Made } from '../../changes/write-once.ts';
import type { Content } from '../../record/content.ts';
import { noAudience } from '../../record/marking.ts';
import { listIn } from '../effect.ts';
import type { Requested } from '../move-steps.ts';

/** The part of a move that concerns other records: the fields that name it, and what is written there. */
export type WithOther = {
  readonly fields: Content;
  readonly others: readonly Made[];
  also(session: ClientSession): Promise<void>;
};

/** A move on a record that was decided, before what it writes in another record. */
export type Decided = Pick<Requested, 'kind' | 'of' | 'find' | 'session' | 'input'> & {
  readonly record: StoredRecord;
  readonly attempt: Attempt;
};

/** The most cases that one case is split into, the most that are merged into it, and the most files that replace one file. */
const maxOthers = 50;

/** Returns the records that a field names. Throws Refused if no further one can be added. */
export function othersIn(
  { content }: StoredRecord,
  field: 'splitInto' | 'mergedFrom' | 'reclassifiedAs',
): readonly string[] {
  const others = listIn((content as Content)[field]);
  if (others.length >= maxOthers)
    throw new Refused('CLOSED', ['id'], `expected ${maxOthers} other records at most`);
  return others;
}

/**
 * Returns the reading of a record that a move makes from another one: at least as strict as the other one, AMBER or stricter,
 * and for one organisation. A portion of a field that the new record takes over stays on it.
 */
export function narrowedReading(
  { marking, purposes, embargoUntil, portions }: Envelope,
  organisation: string,
  taken: Content,
): Reading {
  const isWide = marking.tlp === 'CLEAR' || marking.tlp === 'GREEN';
  return {
    marking: { ...marking, tlp: isWide ? 'AMBER' : marking.tlp, rawTlp: null },
    audience: { ...noAudience, reach: 'NAMED', organisations: [organisation] },
    purposes,
    embargoUntil,
    portions: portions.filter(({ path }) => Object.hasOwn(taken, path.split('.')[0] ?? '')),
  };
}
