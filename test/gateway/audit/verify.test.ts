import { expect, test } from '@jest/globals';
import { generateKeyPair } from 'jose';
import { canonicalBytes, sha256 } from '../../../gateway/audit/canonical.ts';
import { chainEntry, type ChainHead, draftEntry, genesis } from '../../../gateway/audit/entry.ts';
import { parseAccess } from '../../../gateway/audit/parse-entry.ts';
import { signEntry } from '../../../gateway/audit/signature.ts';
import { type StoredEntry, verifyChain } from '../../../gateway/audit/verify.ts';
import { disclosure, facts } from './facts.ts';
import { key, keys, signed } from './signing.ts';

const deployment = 'exercise-hub';

async function chainOf(length: number): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = [];
  let head: ChainHead = genesis(deployment);
  for (let n = 1; n <= length; n += 1) {
    const secrets = { id: `entry-${n}`, readerSalt: Buffer.alloc(32, n), operationSalt: Buffer.alloc(32, n) };
    const draft = draftEntry(facts({ correlationId: `c-${n}` }), deployment, secrets);
    const { seq, hash, id, bytes, signature } = await signed(chainEntry(draft, head, 'hub-1'));
    entries.push({ seq, hash, id, bytes, signature, parts: draft.parts });
    head = { seq, hash };
  }
  return entries;
}

/** The entry as somebody forges it who can write the store: bytes and hash are changed, the signature stays. */
function forge(entry: StoredEntry | undefined, over: object): StoredEntry {
  const body = { ...parseAccess(entry?.bytes ?? Buffer.of()), ...over };
  const bytes = canonicalBytes(body);
  const { id = '', seq = 0 } = body;
  return { id, seq, hash: sha256(bytes), bytes, signature: entry?.signature ?? null };
}

const chain = await chainOf(6);
const whole = { ok: true, entries: 6, head: { seq: 6, hash: chain[5]?.hash }, unsigned: 0, erased: 0 };

/** The same as somebody forges it who also has the hub's private key. */
async function forgeSigned(entry: StoredEntry | undefined, over: object): Promise<StoredEntry> {
  const forged = forge(entry, over);
  return { ...forged, signature: await signEntry(forged.bytes, key()) };
}

test('verifies an intact chain, from the first entry and from any other', async () => {
  expect(await verifyChain(chain, { deployment, keys })).toEqual(whole);
  const after = { seq: 4, hash: chain[3]?.hash ?? '' };
  expect(await verifyChain(chain.slice(4), { deployment, keys, after })).toEqual({ ...whole, entries: 2 });
  expect(await verifyChain([], { deployment, keys })).toEqual({
    ...whole,
    entries: 0,
    head: genesis(deployment),
  });
});

test('detects any changed byte at its entry', async () => {
  const entry = chain[2];
  if (entry === undefined) throw new Error('expected six entries');
  for (let at = 0; at < entry.bytes.length; at += 1) {
    const bytes = Uint8Array.from(entry.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const verdict = await verifyChain(chain.with(2, { ...entry, bytes }), { deployment, keys });
    expect(verdict).toMatchObject({ ok: false, seq: 3 });
  }
});

test('detects a changed entry with a matching hash at the next entry', async () => {
  const forged = chain.with(2, await forgeSigned(chain[2], { disclosed: [] }));
  expect(await verifyChain(forged, { deployment, keys })).toEqual({
    ok: false,
    seq: 4,
    reason: 'the hash of the previous entry does not match',
  });
});

test('detects a removed entry, even if the next is renumbered', async () => {
  const missing = 'an entry is missing';
  expect(await verifyChain(chain.toSpliced(2, 1), { deployment, keys })).toEqual({
    ok: false,
    seq: 3,
    reason: missing,
  });
  expect(await verifyChain(chain.slice(1), { deployment, keys })).toEqual({
    ok: false,
    seq: 1,
    reason: missing,
  });
  const renumbered = chain.toSpliced(2, 2, await forgeSigned(chain[3], { seq: 3 }));
  expect(await verifyChain(renumbered, { deployment, keys })).toMatchObject({ ok: false, seq: 3 });
});

test('detects swapped and duplicate entries', async () => {
  const [, two, three] = chain;
  if (two === undefined || three === undefined) throw new Error('expected six entries');
  const swapped = chain.toSpliced(1, 2, three, two);
  expect(await verifyChain(swapped, { deployment, keys })).toMatchObject({ ok: false, seq: 2 });
  expect(await verifyChain(chain.toSpliced(1, 0, two), { deployment, keys })).toMatchObject({
    ok: false,
    seq: 3,
  });
});

test('detects a truncated end by a known head', async () => {
  const verdict = await verifyChain(chain.slice(0, 4), { deployment, keys });
  expect(verdict).toMatchObject({ ok: true, head: { seq: 4 } });
});

test('rejects an entry in non-canonical form or of another deployment', async () => {
  const spaced = Buffer.from(new TextDecoder().decode(chain[0]?.bytes).replace('"at":', '"at": '));
  const signature = await signEntry(spaced, key());
  const first = { id: 'entry-1', seq: 1, hash: sha256(spaced), bytes: spaced, signature };
  expect(await verifyChain([first], { deployment, keys })).toMatchObject({ ok: false, seq: 1 });
  expect(await verifyChain(chain, { deployment: 'another-hub', keys })).toMatchObject({
    ok: false,
    seq: 1,
    reason: 'the entry is of another deployment',
  });
});

test('detects a stored seq or id that differs from the bytes', async () => {
  const first = chain[0];
  if (first === undefined) throw new Error('expected six entries');
  for (const over of [{ seq: 2 }, { id: 'entry-9' }]) {
    const verdict = await verifyChain([{ ...first, ...over }], { deployment, keys });
    expect(verdict).toMatchObject({ ok: false, seq: 1 });
  }
});

test('detects a truncated and a rewritten end by a stored head', async () => {
  const { seq, hash } = chain[3] ?? genesis(deployment);
  const known = { seq, hash };
  expect(await verifyChain(chain, { deployment, keys, known })).toEqual(whole);
  const cut = chain.slice(0, 3);
  expect(await verifyChain(cut, { deployment, keys })).toMatchObject({ ok: true, entries: 3 });
  expect(await verifyChain(cut, { deployment, keys, known })).toEqual({
    ok: false,
    seq: 4,
    reason: 'an entry is missing',
  });
  const anew = [...cut, await forgeSigned(chain[3], { correlationId: 'another' })];
  expect(await verifyChain(anew, { deployment, keys })).toMatchObject({ ok: true, entries: 4 });
  expect(await verifyChain(anew, { deployment, keys, known })).toEqual({
    ok: false,
    seq: 4,
    reason: 'the entry differs from the known one',
  });
  const kept = { ...(anew[3] ?? forge(chain[3], {})), hash };
  expect(await verifyChain([...cut, kept], { deployment, keys, known })).toMatchObject({ ok: false, seq: 4 });
});

test('detects changed index fields of an entry with intact bytes', async () => {
  const found = chain.map((entry) => {
    const { at = '', correlationId = '', picture = '', disclosed = [] } = parseAccess(entry.bytes) ?? {};
    const communities = [...new Set(disclosed.map(({ community }) => community))];
    return { ...entry, found: { at: new Date(at), correlationId, picture, communities } };
  });
  expect(await verifyChain(found, { deployment, keys })).toEqual(whole);
  const [, entry] = found;
  if (entry === undefined) throw new Error('expected a second entry');
  for (const hidden of [
    { communities: [] },
    { communities: ['another'] },
    { communities: undefined },
    { correlationId: 'another' },
    { picture: 'exercise:another' },
    { at: new Date(0) },
  ]) {
    const words = { ...entry.found, ...hidden } as typeof entry.found;
    expect(await verifyChain(found.with(1, { ...entry, found: words }), { deployment, keys })).toEqual({
      ok: false,
      seq: 2,
      reason: 'the index fields do not match the bytes',
    });
  }
});

test('detects a missing community behind a duplicate one', async () => {
  const secrets = { id: 'entry-1', readerSalt: Buffer.alloc(32, 1), operationSalt: Buffer.alloc(32, 1) };
  const disclosed = [disclosure(), disclosure({ community: 'enisa', id: 'Advisory:another' })];
  const draft = draftEntry(facts({ disclosed }), deployment, secrets);
  const { at, correlationId, picture, communities, ...entry } = await signed(
    chainEntry(draft, genesis(deployment), 'hub-1'),
  );
  expect(communities).toHaveLength(2);
  const asFoundBy = async (names: readonly string[]) => {
    const found = { at: new Date(at), correlationId, picture, communities: names };
    return (await verifyChain([{ ...entry, found }], { deployment, keys })).ok;
  };
  expect(await asFoundBy(communities.toReversed())).toBe(true);
  for (const name of communities) expect(await asFoundBy([name, name])).toBe(false);
});

test('detects a forged last entry: changed, unsigned, signed by another key, or with the signature of another entry', async () => {
  const last = chain[5];
  const foreign = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const forged = forge(last, { disclosed: [] });
  const byAnother = { id: 'hub-1', privateKey: foreign.privateKey };
  for (const [entry, reason] of [
    [forged, 'the signature does not match the bytes'],
    [{ ...forged, signature: null }, 'the entry is not signed'],
    [{ ...forged, signature: new Uint8Array(64) }, 'the signature does not match the bytes'],
    [
      { ...forged, signature: await signEntry(forged.bytes, byAnother) },
      'the signature does not match the bytes',
    ],
    [await forgeSigned(last, { kid: 'hub-2' }), 'the key that signed the entry is not known'],
    [
      { ...(last as StoredEntry), signature: chain[4]?.signature ?? null },
      'the signature does not match the bytes',
    ],
  ] as const)
    expect(await verifyChain(chain.with(5, entry), { deployment, keys })).toEqual({
      ok: false,
      seq: 6,
      reason,
    });
});

test('accepts entries of format 1 up to a stated position only, and none behind it', async () => {
  const first = ofFormat1(chain[0]);
  expect(await verifyChain([first], { deployment, keys })).toEqual({
    ok: false,
    seq: 1,
    reason: 'the entry is not signed',
  });
  expect(await verifyChain([first], { deployment, keys, unsignedUntil: 1 })).toMatchObject({
    ok: true,
    entries: 1,
    unsigned: 1,
  });
  // An attacker writes the last entry in format 1, because it needs no signature.
  const forged = chain.with(5, ofFormat1(chain[5]));
  expect(await verifyChain(forged, { deployment, keys, unsignedUntil: 5 })).toEqual({
    ok: false,
    seq: 6,
    reason: 'the entry is not signed',
  });
  const both = { ...first, signature: new Uint8Array(64) };
  expect(await verifyChain([both], { deployment, keys, unsignedUntil: 1 })).toMatchObject({ ok: false });
});

/** The entry as a hub of an earlier version wrote it. */
function ofFormat1(entry: StoredEntry | undefined): StoredEntry {
  const { fields: _, kid: __, ...body } = parseAccess(entry?.bytes ?? Buffer.of()) ?? {};
  const bytes = canonicalBytes({ ...body, v: 1 });
  return { id: entry?.id ?? '', seq: entry?.seq ?? 0, hash: sha256(bytes), bytes, signature: null };
}

test('detects an edited personal part, and accepts one that was erased', async () => {
  const [one, two] = chain;
  const parts = two?.parts;
  if (one === undefined || two === undefined || !parts?.reader || !parts.operation)
    throw new Error('expected parts');
  const bytes = Buffer.from(new TextDecoder().decode(parts.reader.bytes).replace('analyst-7', 'analyst-8'));
  const edited = [
    { ...parts, reader: { ...parts.reader, bytes } },
    { ...parts, operation: parts.reader },
    { ...parts, reader: one.parts?.reader ?? null },
    { ...parts, operation: { ...parts.operation, salt: new Uint8Array(0) } },
  ];
  for (const other of edited)
    expect(await verifyChain(chain.with(1, { ...two, parts: other }), { deployment, keys })).toEqual({
      ok: false,
      seq: 2,
      reason: 'a personal part does not match the entry',
    });
  const erased = { ...two, parts: { ...parts, operation: null } };
  expect(await verifyChain(chain.with(1, erased), { deployment, keys })).toEqual({ ...whole, erased: 1 });
});

test('detects values of another type, in the entry and in the store', async () => {
  const [first] = chain;
  for (const over of [
    { seq: '1' },
    { seq: 1.5 },
    { disclosed: 'none' },
    { disclosed: [null] },
    { refused: [1] },
    { at: 0 },
    { at: 'yesterday' },
    { kind: 'other' },
    { v: 3 },
    { v: '2' },
    { kid: null },
    { fields: [] },
    { reader: { organisation: 'enisa', commitment: 'x' } },
    { more: 1 },
  ])
    expect(await verifyChain([await forgeSigned(first, over)], { deployment, keys })).toEqual({
      ok: false,
      seq: 1,
      reason: 'the bytes are not the canonical form of an entry',
    });
  const mistyped = { ...(first as StoredEntry), isMistyped: true };
  expect(await verifyChain([mistyped], { deployment, keys })).toEqual({
    ok: false,
    seq: 1,
    reason: 'a stored field has the wrong type',
  });
});
