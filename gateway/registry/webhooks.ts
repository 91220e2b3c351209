import type { Db } from 'mongodb';
import { z } from 'zod';
import { purposes } from '../../schema/record/vocabulary.ts';

/**
 * A webhook: an address to which the notices of an organisation are sent. `subject` is a member of the organisation. Its
 * rights at the moment of delivery decide what is sent, with this purpose and in this picture, as for a machine.
 */
export type Webhook = {
  readonly _id: string;
  readonly organisation: string;
  readonly subject: string;
  readonly purpose: (typeof purposes)[number] | null;
  readonly picture: string;
  readonly url: string;
  /** The name of its secrets in the file of secrets. */
  readonly secret: string;
  /** Notices that were entered before are not sent. */
  readonly from: Date;
  /** When it ends; null if it is open-ended. */
  readonly until: Date | null;
};

const name = z.string().min(1).max(100);
const entry = z.object({
  _id: name,
  organisation: name,
  subject: z.string().min(1).max(200),
  purpose: z.enum(purposes).nullable(),
  picture: z.string().regex(/^(real|exercise:[\w-]{1,60})$/),
  url: z.string().max(2000),
  secret: name,
  from: z.date(),
  until: z.date().nullable(),
});

/** The most webhooks of the registry. */
const maxWebhooks = 1000;
const answerMs = 1500;

/** Reads the webhooks that have not ended. A malformed entry is left out; `reject` gets its id. */
export async function readWebhooks(
  db: Db,
  now: Date,
  reject: (id: string) => void,
): Promise<readonly Webhook[]> {
  const stored = await db
    .collection('webhooks', { readPreference: 'primary' })
    .find({}, { maxTimeMS: answerMs })
    .sort({ _id: 1 })
    .limit(maxWebhooks)
    .toArray();
  return stored.flatMap((one) => {
    const read = entry.safeParse(one);
    if (!read.success) reject(String(one._id));
    return read.success && isOpen(read.data, now) ? [read.data] : [];
  });
}

function isOpen({ until }: Pick<Webhook, 'until'>, now: Date): boolean {
  return until === null || until > now;
}
