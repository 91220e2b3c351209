import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEntries, readPersonal } from '../../gateway/audit/store.ts';
import { parseAccess, parseEntry } from '../../gateway/audit/parse-entry.ts';
import { hashOperation } from '../../gateway/audit/operation-hash.ts';
import { readEntryKeys } from '../../gateway/audit/signature.ts';
import { verifyChain } from '../../gateway/audit/verify.ts';
import { ask, standing } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';

let client: MongoClient;

beforeAll(async () => {
  client = await new MongoClient(standing().uris['hub'] ?? '').connect();
});

afterAll(async () => await client.close());

const keys = () => readEntryKeys(readFileSync(join(standing().home, 'hub-keys.json'), 'utf8'));

const exercise = 'exercise:trial-2026';
const insider = { as: 'enisa-analyst', picture: exercise, purpose: 'incident-response' };

async function entryOf(correlationId: string) {
  const until = Date.now() + 30_000;
  for (;;) {
    const found = [];
    for await (const stored of readEntries(client.db(), 'trial')) {
      const entry = parseAccess(stored.bytes);
      if (entry?.correlationId === correlationId) found.push({ ...entry, id: stored.id });
    }
    if (found[0] !== undefined || Date.now() > until) return found[0];
  }
}

test('logs a disclosure above CLEAR before the answer arrives: reader, purpose, records', async () => {
  const query = 'query Heron { mispEvents { nodes { id info { value } } } }';
  const { body } = await ask(standing(), insider, query);
  const ids: readonly string[] = body.data.mispEvents.nodes.map((node: { id: string }) => node.id);
  expect(body.extensions.holds).toMatchObject({ tlp: 'AMBER' });
  const entry = await entryOf(body.extensions.correlationId);
  expect(entry).toMatchObject({
    kind: 'access',
    deployment: 'trial',
    picture: exercise,
    purpose: 'incident-response',
    reader: { organisation: 'enisa' },
  });
  const disclosed = entry?.disclosed ?? [];
  expect(disclosed.map((one) => one.id ?? '').toSorted()).toEqual(ids.toSorted());
  expect(disclosed.map((one) => [one.community, one.type, one.version])).toEqual(
    ids.map(() => ['cert-eu', 'MispEvent', 1]),
  );
  expect(disclosed.map((one) => one.tlp).toSorted()).toEqual(['AMBER', 'GREEN']);
  expect(JSON.stringify(entry)).not.toContain('u-7f3a91c2d4e8');
  const personal = await readPersonal(client.db(), entry?.id ?? '');
  expect(Buffer.from(personal?.reader?.bytes ?? []).toString()).toContain('u-7f3a91c2d4e8');
});

test('logs a refusal with its coordinates', async () => {
  const { body } = await ask(standing(), 'policy-auditor', '{ mispEvents { nodes { id } } }');
  expect(await entryOf(body.extensions.correlationId)).toMatchObject({
    refused: ['Query.mispEvents'],
  });
});

test('does not log a row that a page read but did not return', async () => {
  const { body } = await ask(
    standing(),
    insider,
    '{ mispEvents(first: 1) { nodes { id } pageInfo { hasNextPage } } }',
  );
  expect(body.data.mispEvents.pageInfo.hasNextPage).toBe(true);
  expect((await entryOf(body.extensions.correlationId))?.disclosed).toHaveLength(1);
});

test('records the fields that an answer gave, and those that it left empty', async () => {
  const query = '{ mispEvents(first: 1) { nodes { id info { value } } pageInfo { endCursor } } }';
  const { body } = await ask(standing(), insider, query);
  const { fields } = (await entryOf(body.extensions.correlationId)) ?? {};
  expect(fields?.given).toEqual(
    expect.arrayContaining(['MispEvent.id', 'MispEventConnection.nodes', 'Query.mispEvents', 'Text.value']),
  );
  const refused = await ask(standing(), 'policy-auditor', '{ mispEvents { nodes { id } } }');
  expect(await entryOf(refused.body.extensions.correlationId)).toMatchObject({
    fields: { given: [], empty: [] },
  });
});

test('logs a node as its look-up, and the operation as the client wrote it', async () => {
  const { body: listed } = await ask(standing(), insider, '{ mispEvents(first: 1) { nodes { id } } }');
  const { id } = listed.data.mispEvents.nodes[0];
  const query = 'query Again($id: ID!, $more: [ID!]!) { node(id: $id) { id } nodes(ids: $more) { id } }';
  const variables = { id, more: [id, 'Vulnerability:CVE-2099-10001'] };
  const { body } = await ask(standing(), insider, query, variables);
  expect(body.data.nodes[0]).toEqual({ id });
  const entry = await entryOf(body.extensions.correlationId);
  expect(new Set(entry?.disclosed.map((one) => one.id))).toEqual(new Set([id]));
  expect(entry?.operation.sha256).toBe(hashOperation(query));
  expect(entry?.fields?.given).toEqual(
    expect.arrayContaining(['MispEvent.id', 'Query.mispEvent', 'Query.vulnerability', 'Vulnerability.id']),
  );
  const { operation } = (await readPersonal(client.db(), entry?.id ?? '')) ?? {};
  expect(JSON.parse(Buffer.from(operation?.bytes ?? []).toString())).toMatchObject({ variables });
  expect(Buffer.from(operation?.bytes ?? []).toString()).not.toContain('jcuNode');
});

test('keeps an unbroken chain over all answers', async () => {
  const verdict = await verifyChain(readEntries(client.db(), 'trial'), { deployment: 'trial', keys: keys() });
  expect(verdict).toMatchObject({ ok: true });
});

test('verifies the chain, and continues from a known head: `hub trail verify`', async () => {
  const { home } = standing();
  const first = await runHub(home, 'trail', 'verify');
  expect([first.code, first.err]).toEqual([0, '']);
  const { many, head } =
    /^audit log of trial: (?<many>\d+) entr.* (?<head>\d+:[0-9a-f]{64})\n$/.exec(first.out)?.groups ?? {};
  expect(head?.split(':')[0]).toBe(many);
  await ask(standing(), insider, 'query Heron { mispEvents { nodes { id info { value } } } }');
  const second = await runHub(home, 'trail', 'verify', '--since', head ?? '', '--json');
  expect([second.code, JSON.parse(second.out)]).toEqual([0, expect.objectContaining({ ok: true })]);
  expect(JSON.parse(second.out).entries).toBeGreaterThan(0);
  const forged = await runHub(home, 'trail', 'verify', '--since', `1:${'0'.repeat(64)}`);
  expect([forged.code, forged.out]).toEqual([
    2,
    'the audit log of trial is broken at entry 1: the entry differs from the known one\n',
  ]);
});

test('verifies the log against a checkpoint that was kept elsewhere', async () => {
  const admin = standing().home;
  const verified = await runHub(admin, 'trail', 'verify', '--json');
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, unsigned: 0 });
  const known = JSON.parse(verified.out).head;
  const checkpoint = join(admin, 'checkpoint.json');
  writeFileSync(checkpoint, JSON.stringify({ deployment: 'trial', at: new Date().toISOString(), ...known }));
  expect((await runHub(admin, 'trail', 'verify', '--checkpoint', checkpoint)).code).toBe(0);
  writeFileSync(
    checkpoint,
    JSON.stringify({ deployment: 'trial', at: '', seq: 10_000_000, hash: known.hash }),
  );
  expect(await runHub(admin, 'trail', 'verify', '--checkpoint', checkpoint)).toMatchObject({
    code: 2,
    out: expect.stringContaining('an entry is missing'),
  });
});

/** Returns the counted failures of a campaign without a token, once an entry has them. */
async function findCampaign() {
  for await (const { bytes } of readEntries(client.db(), 'trial')) {
    const entry = parseEntry(bytes);
    if (entry?.kind !== 'attempts') continue;
    const row = entry.attempts.find(({ code, count }) => code === 'UNAUTHENTICATED' && count >= 20);
    if (row !== undefined) return row;
  }
  return null;
}

test('a campaign of failed requests is one entry of the log', async () => {
  for (let n = 0; n < 20; n += 1)
    await fetch(standing().url, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } });
  const until = Date.now() + 75_000;
  let row = await findCampaign();
  for (; row === null && Date.now() < until; row = await findCampaign())
    await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(row).toMatchObject({ code: 'UNAUTHENTICATED', organisation: null });
  const printed = await runHub(standing().home, 'trail', 'attempts');
  expect([printed.code, printed.out]).toEqual([0, expect.stringContaining('UNAUTHENTICATED')]);
});
