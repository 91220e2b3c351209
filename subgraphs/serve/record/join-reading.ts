import { isDeepStrictEqual } from 'node:util';
import type { Envelope, Portion } from '../../../schema/record/envelope.ts';
import { combineReading } from './marking.ts';

/** The parts of an envelope that decide who may read the record, without its portions. */
export type OfRecord = Pick<Envelope, 'marking' | 'audience' | 'purposes' | 'embargoUntil'>;

/**
 * Returns the stricter value of a part's reading and of its record's on each scale: names are intersected, and the later
 * embargo applies. A part that names nobody and was open gets the names of its record.
 */
export function joinReading(part: OfRecord, record: OfRecord): OfRecord {
  const { organisations, sharingGroups, persons, agreements } = part.audience;
  const isNamed = [organisations, sharingGroups, persons, agreements].some((names) => names.length > 0);
  const { marking, audience } = isNamed ? combineReading(record, part) : combineReading(part, record);
  const purposes = part.purposes.filter((purpose) => record.purposes.includes(purpose));
  const embargoUntil =
    part.embargoUntil !== null && (record.embargoUntil ?? new Date(0)) < part.embargoUntil
      ? part.embargoUntil
      : record.embargoUntil;
  return { marking: { ...marking, rawTlp: part.marking.rawTlp }, audience, purposes, embargoUntil };
}

/** Returns the portions of both lists, each once. A reader must pass all portions of a path, so this opens no field. */
export function joinPortions(some: readonly Portion[], others: readonly Portion[]): readonly Portion[] {
  return [...some, ...others.filter((other) => !some.some((one) => isDeepStrictEqual(one, other)))];
}
