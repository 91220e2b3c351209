import { z } from 'zod';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { handlingCodes, papScale, tlpScale } from '../../schema/record/vocabulary.ts';

/** The most records that one part may disclose in one answer: what all parts say must fit one entry of the trail. */
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
 * What a part says it disclosed, checked once. Throws where it says nothing or something else: an answer whose
 * disclosure cannot be recorded is not taken.
 */
export function readDisclosures(value: unknown, community: string): readonly RecordedDisclosure[] {
  return disclosures.parse(value).map((disclosure) => ({ ...disclosure, community }));
}
