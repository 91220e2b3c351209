import { z } from 'zod';
import { canonicalBytes } from './canonical.ts';
import type { AccessEntry, Entry, EntryDisclosure } from './entry.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime({ precision: 3 });
const place = {
  deployment: z.string(),
  seq: z.int().positive(),
  prev: hash,
  id: z.string().min(1),
  at: time,
};
const signed = { v: z.literal(2), kid: z.string().min(1) };

/** Every member of the types must have its form here: an entry with an unknown member is not accepted. */
type Forms<Of> = Readonly<Record<keyof Of, z.ZodType>>;

const disclosed = z.strictObject({
  community: z.string(),
  type: z.string(),
  id: z.string().nullable(),
  version: z.number(),
  tlp: z.string(),
  pap: z.string(),
  handlingCodes: z.array(z.string()).optional(),
  extraRestrictions: z.array(z.string()).optional(),
  portions: z
    .array(
      z.strictObject({
        path: z.string(),
        tlp: z.string(),
        pap: z.string().optional(),
        handlingCodes: z.array(z.string()).optional(),
        extraRestrictions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  count: z.int().nonnegative().optional(),
  gone: z.literal(true).optional(),
} satisfies Forms<EntryDisclosure>);

const access = {
  ...place,
  kind: z.enum(['access', 'intent']),
  reader: z.strictObject({ organisation: z.string(), commitment: hash }),
  purpose: z.string().nullable(),
  picture: z.string().min(1),
  operation: z.strictObject({ sha256: hash, commitment: hash }),
  policy: z.string(),
  disclosed: z.array(disclosed),
  refused: z.array(z.string()),
  lost: z.array(z.string()),
  correlationId: z.string(),
} satisfies Forms<Omit<AccessEntry, 'v' | 'kid' | 'fields'>>;

const entry = z.union([
  z.strictObject({ v: z.literal(1), ...access }),
  z.strictObject({
    ...signed,
    ...access,
    fields: z.strictObject({ given: z.array(z.string()), empty: z.array(z.string()) }),
  }),
  z.strictObject({
    ...signed,
    ...place,
    kind: z.literal('attempts'),
    until: time,
    attempts: z.array(
      z.strictObject({ code: z.string(), organisation: z.string().nullable(), count: z.int().positive() }),
    ),
    more: z.int().nonnegative(),
  }),
]);

/**
 * Parses the bytes of an entry. Returns null if they are not the RFC 8785 form of an entry of format 1 or 2, or if a member
 * is missing, unknown or of another type.
 */
export function parseEntry(bytes: Uint8Array): Entry | null {
  try {
    const body: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    if (!entry.safeParse(body).success) return null;
    return canonicalBytes(body).equals(bytes) ? (body as Entry) : null;
  } catch {
    return null;
  }
}

/** Parses the bytes of an entry about a request. Returns null for every other entry. */
export function parseAccess(bytes: Uint8Array): AccessEntry | null {
  const parsed = parseEntry(bytes);
  return parsed === null || parsed.kind === 'attempts' ? null : parsed;
}
