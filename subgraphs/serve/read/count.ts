import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Disclosure } from '../../../schema/protocol/disclosure.ts';
import { papScale, tlpScale } from '../../../schema/record/vocabulary.ts';
import type { CountedGroup } from './queries.ts';
import { isOpen } from './row.ts';

/**
 * The audit log's entry on a count, in the form of a record's entry: a number is derived from the records that it counts
 * and follows their joined marking. Its id names the kind and the hash of the filter.
 */
export function toCountDisclosure(
  type: string,
  filter: unknown,
  count: number,
  groups: readonly CountedGroup[],
): Disclosure {
  const markings = groups.map(({ envelope }) => envelope.marking);
  return {
    type,
    id: `${type}:count-${hashOf(filter)}`,
    version: 0,
    tlp: tlpScale[Math.max(0, ...markings.map(({ tlp }) => tlpScale.indexOf(tlp)))] ?? 'RED',
    pap: papScale[Math.max(0, ...markings.map(({ pap }) => papScale.indexOf(pap)))] ?? 'RED',
    handlingCodes: [...new Set(markings.flatMap(({ handlingCodes }) => handlingCodes))],
    extraRestrictions: [...new Set(markings.flatMap(({ extraRestrictions }) => extraRestrictions))],
    // The counted audiences are not shown, so `holds` must not depend on them.
    audience: markings.every(isOpen) ? null : [],
    portions: [],
    count,
  };
}

/** The hash of a filter's values (RFC 8785), short enough for an id. */
function hashOf(filter: unknown): string {
  const text = canonicalize(JSON.parse(JSON.stringify(filter ?? {}))) ?? '';
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
