import type { Disclosure } from '../../../schema/protocol/disclosure.ts';

/**
 * The audit log's entry on the end of a record for a reader, who learns the record's id. Its marking is hidden from that
 * reader now, so the entry states the strictest one that the reader can have seen.
 */
export function toEndDisclosure(type: string, id: string): Disclosure {
  const marking = { tlp: 'AMBER_STRICT', pap: 'RED', handlingCodes: [], extraRestrictions: [] } as const;
  return { type, id, version: 0, ...marking, audience: [], portions: [], gone: true };
}
