import { z } from 'zod';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { handlingCodes, papScale, tlpScale } from '../../schema/record/vocabulary.ts';

/** The maximum number of records that one response may disclose: all disclosures must fit into one audit entry. */
export const maxDisclosed = 10_000;

const disclosures = z
  .array(
    z.object({
      type: z.string().max(80),
      id: z.string().max(200),
      version: z.int(),
      tlp: z.enum(tlpScale),
      pap: z.enum(papScale),
      handlingCodes: z.array(z.enum(handlingCodes)).max(4),
      extraRestrictions: z.array(z.string().max(500)).max(50),
      audience: z.array(z.string().max(80)).max(1000).nullable(),
      portions: z.array(z.object({ path: z.string().max(200), tlp: z.enum(tlpScale) })).max(100),
    }),
  )
  .max(maxDisclosed);

/**
 * Validates the disclosures that a subgraph reports. Throws if they are missing or invalid: the hub does not use a
 * response whose disclosures it cannot record.
 */
export function readDisclosures(value: unknown, community: string): readonly RecordedDisclosure[] {
  return disclosures.parse(value).map((disclosure) => ({ ...disclosure, community }));
}
