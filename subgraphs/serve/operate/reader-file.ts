import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { maxOffices, type Reader } from '../../../schema/protocol/reader.ts';
import { purposes, tlpScale } from '../../../schema/record/vocabulary.ts';

const instant = z.iso.datetime();
const purpose = z.enum(purposes);
const held = z.object({ id: z.string(), by: z.string(), until: instant });
/** Files of an earlier version have no offices. */
const readerShape = z.strictObject({
  subject: z.string(),
  organisation: z.string(),
  communities: z.array(z.string()),
  memberState: z.string().nullable(),
  roles: z.array(z.string()),
  sharingGroups: z.array(z.string()),
  onwardShares: z.array(held),
  grants: z.array(held),
  agreements: z.array(
    z.object({ id: z.string(), until: instant, tlpCeiling: z.enum(tlpScale), purposes: z.array(purpose) }),
  ),
  offices: z
    .array(z.object({ office: z.string(), until: instant }))
    .max(maxOffices)
    .default([]),
  client: z.enum(['person', 'machine']),
  purpose: purpose.nullable(),
  picture: z.string(),
  onScreen: z.boolean(),
}) satisfies z.ZodType<Reader>;

/** Reads a reader from a JSON file. Throws an error that lists every missing or wrong member. */
export function readReader(file: string): Reader {
  const read = readerShape.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (read.data === undefined) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
  return read.data;
}
