import { expect, test } from '@jest/globals';
import { canonicalBytes, sha256 } from '../../../gateway/audit/canonical.ts';
import {
  type ChainedEntry,
  chainEntry,
  type ChainHead,
  draftEntry,
  genesis,
} from '../../../gateway/audit/entry.ts';
import { parseEntry, type StoredEntry, verifyChain } from '../../../gateway/audit/verify.ts';
import { disclosure, facts } from './facts.ts';

const deployment = 'exercise-hub';

function chainOf(length: number): readonly StoredEntry[] {
  const chain: ChainedEntry[] = [];
  let head: ChainHead = genesis(deployment);
  for (let n = 1; n <= length; n += 1) {
    const secrets = { id: `entry-${n}`, readerSalt: Buffer.alloc(32, n), operationSalt: Buffer.alloc(32, n) };
    const entry = chainEntry(draftEntry(facts({ correlationId: `c-${n}` }), deployment, secrets), head);
    chain.push(entry);
    head = entry;
  }
  return chain;
}

/** The entry as one would forge it who can write the store: bytes changed, the hash made to fit. */
function forge(entry: StoredEntry | undefined, over: object): StoredEntry {
  const body = { ...parseEntry(entry?.bytes ?? Buffer.of()), ...over };
  const bytes = canonicalBytes(body);
  return { id: body.id ?? '', seq: body.seq ?? 0, hash: sha256(bytes), bytes };
}

const chain = chainOf(6);
const whole = { ok: true, entries: 6, head: { seq: 6, hash: chain[5]?.hash } };

test('verifies an intact chain, from the first entry and from any other', async () => {
  expect(await verifyChain(chain, { deployment })).toEqual(whole);
  const after = { seq: 4, hash: chain[3]?.hash ?? '' };
  expect(await verifyChain(chain.slice(4), { deployment, after })).toEqual({ ...whole, entries: 2 });
  expect(await verifyChain([], { deployment })).toEqual({ ok: true, entries: 0, head: genesis(deployment) });
});

test('detects any changed byte at its entry', async () => {
  const entry = chain[2];
  if (entry === undefined) throw new Error('expected six entries');
  for (let at = 0; at < entry.bytes.length; at += 1) {
    const bytes = Uint8Array.from(entry.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const verdict = await verifyChain(chain.with(2, { ...entry, bytes }), { deployment });
    expect(verdict).toMatchObject({ ok: false, seq: 3 });
  }
});

test('detects a changed entry with a matching hash at the next entry', async () => {
  const forged = chain.with(2, forge(chain[2], { disclosed: [] }));
  expect(await verifyChain(forged, { deployment })).toEqual({
    ok: false,
    seq: 4,
    reason: 'the hash of the previous entry does not match',
  });
});

test('detects a removed entry, even if the next is renumbered', async () => {
  const missing = 'an entry is missing';
  expect(await verifyChain(chain.toSpliced(2, 1), { deployment })).toEqual({
    ok: false,
    seq: 3,
    reason: missing,
  });
  expect(await verifyChain(chain.slice(1), { deployment })).toEqual({ ok: false, seq: 1, reason: missing });
  const renumbered = chain.toSpliced(2, 2, forge(chain[3], { seq: 3 }));
  expect(await verifyChain(renumbered, { deployment })).toMatchObject({ ok: false, seq: 3 });
});

test('detects swapped and duplicate entries', async () => {
  const [, two, three] = chain;
  if (two === undefined || three === undefined) throw new Error('expected six entries');
  const swapped = chain.toSpliced(1, 2, three, two);
  expect(await verifyChain(swapped, { deployment })).toMatchObject({ ok: false, seq: 2 });
  expect(await verifyChain(chain.toSpliced(1, 0, two), { deployment })).toMatchObject({ ok: false, seq: 3 });
});

test('detects a truncated end by a known head', async () => {
  const verdict = await verifyChain(chain.slice(0, 4), { deployment });
  expect(verdict).toMatchObject({ ok: true, head: { seq: 4 } });
});

test('rejects an entry in non-canonical form or of another deployment', async () => {
  const spaced = Buffer.from(new TextDecoder().decode(chain[0]?.bytes).replace('"at":', '"at": '));
  const first = { id: 'entry-1', seq: 1, hash: sha256(spaced), bytes: spaced };
  expect(await verifyChain([first], { deployment })).toMatchObject({ ok: false, seq: 1 });
  expect(await verifyChain(chain, { deployment: 'another-hub' })).toMatchObject({
    ok: false,
    seq: 1,
    reason: 'the entry is of another deployment',
  });
});

test('detects a stored seq or id that differs from the bytes', async () => {
  const first = chain[0];
  if (first === undefined) throw new Error('expected six entries');
  for (const over of [{ seq: 2 }, { id: 'entry-9' }]) {
    const verdict = await verifyChain([{ ...first, ...over }], { deployment });
    expect(verdict).toMatchObject({ ok: false, seq: 1 });
  }
});

test('detects a truncated and a rewritten end by a stored head', async () => {
  const { seq, hash } = chain[3] ?? genesis(deployment);
  const known = { seq, hash };
  expect(await verifyChain(chain, { deployment, known })).toEqual(whole);
  const cut = chain.slice(0, 3);
  expect(await verifyChain(cut, { deployment })).toMatchObject({ ok: true, entries: 3 });
  expect(await verifyChain(cut, { deployment, known })).toEqual({
    ok: false,
    seq: 4,
    reason: 'an entry is missing',
  });
  const anew = [...cut, forge(chain[3], { correlationId: 'another' })];
  expect(await verifyChain(anew, { deployment })).toMatchObject({ ok: true, entries: 4 });
  expect(await verifyChain(anew, { deployment, known })).toEqual({
    ok: false,
    seq: 4,
    reason: 'the entry differs from the known one',
  });
  const kept = { ...(anew[3] ?? forge(chain[3], {})), hash };
  expect(await verifyChain([...cut, kept], { deployment, known })).toMatchObject({ ok: false, seq: 4 });
});

test('detects changed index fields of an entry with intact bytes', async () => {
  const found = chain.map((entry) => {
    const { at = '', correlationId = '', picture = '', disclosed = [] } = parseEntry(entry.bytes) ?? {};
    const communities = [...new Set(disclosed.map(({ community }) => community))];
    return { ...entry, found: { at: new Date(at), correlationId, picture, communities } };
  });
  expect(await verifyChain(found, { deployment })).toEqual(whole);
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
    expect(await verifyChain(found.with(1, { ...entry, found: words }), { deployment })).toEqual({
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
  const { at, correlationId, picture, communities, ...entry } = chainEntry(draft, genesis(deployment));
  expect(communities).toHaveLength(2);
  const asFoundBy = async (names: readonly string[]) => {
    const found = { at: new Date(at), correlationId, picture, communities: names };
    return (await verifyChain([{ ...entry, found }], { deployment })).ok;
  };
  expect(await asFoundBy(communities.toReversed())).toBe(true);
  for (const name of communities) expect(await asFoundBy([name, name])).toBe(false);
});
