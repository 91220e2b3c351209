import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, wellFormed } from '../../../gateway/audit/canonical.ts';
import {
  type AuditFacts,
  chainEntry,
  type AccessDraft,
  draftEntry,
  genesis,
} from '../../../gateway/audit/entry.ts';
import { hashOperation } from '../../../gateway/audit/operation-hash.ts';
import { verifyPersonal } from '../../../gateway/audit/personal.ts';
import { parseEntry } from '../../../gateway/audit/parse-entry.ts';
import { verifyChain } from '../../../gateway/audit/verify.ts';
import { disclosure, facts, portion } from './facts.ts';

const deployment = 'exercise-hub';

function draft(given: AuditFacts): AccessDraft {
  return draftEntry(given, deployment, {
    id: '00000000-0000-4000-8000-000000000001',
    readerSalt: Buffer.alloc(32, 1),
    operationSalt: Buffer.alloc(32, 2),
  });
}

function textOf(given: AuditFacts): string {
  return new TextDecoder().decode(chainEntry(draft(given), genesis(deployment), 'hub-1').bytes);
}

const everything = facts({
  disclosed: [
    disclosure({
      id: 'CaseReport:Zk1',
      type: 'CaseReport',
      community: 'europol',
      handlingCodes: ['H3', 'H1'],
      extraRestrictions: ['Ask the owner first: é'],
      portions: [portion()],
    }),
    disclosure({ id: 'Indicator:EMAIL_ADDR:someone@example.org', type: 'Indicator', tlp: 'GREEN' }),
    disclosure(),
    disclosure(),
  ],
  refused: ['CaseReport.victims', 'CaseReport.grading'],
  lost: ['europol'],
});

const goldenBytes = [
  '{"at":"2026-03-04T05:06:07.089Z",',
  '"correlationId":"6f0f6a3e-7d0c-4f7e-9a43-3b6b8c1f2d10",',
  '"deployment":"exercise-hub",',
  '"disclosed":[{"community":"cert-eu","id":"Advisory:q3Jr0cXoT1y2bV8kLw5zSg","pap":"GREEN","tlp":"AMBER","type":"Advisory","version":2},',
  '{"community":"cert-eu","id":null,"pap":"GREEN","tlp":"GREEN","type":"Indicator","version":2},',
  '{"community":"europol","extraRestrictions":["Ask the owner first: é"],"handlingCodes":["H1","H3"],"id":"CaseReport:Zk1","pap":"GREEN","portions":[{"path":"victims","tlp":"RED"}],"tlp":"AMBER","type":"CaseReport","version":2}],',
  '"id":"00000000-0000-4000-8000-000000000001",',
  '"kind":"access",',
  '"lost":["europol"],',
  '"operation":{"commitment":"48a1d6f9872037c12b406e010c9f441880059dd4a566e6b0d5f3f17cc3fb1dd0","sha256":"09d6b41ca364784f027780d724ea41df72d84317f693c7ba9be9ea6ccfa8571f"},',
  '"picture":"exercise-blue-harbour",',
  '"policy":"joint-baseline-1",',
  '"prev":"9885cd8a33d4a3c4a6c87db46c6e9937948c5e6b5cc447901ca18b4841c9ba37",',
  '"purpose":"vulnerability-handling",',
  '"reader":{"commitment":"e17314cb5c520291e957dc0ac2413ed9fa4d31dd5f815916689efcf3ac80a6aa","organisation":"enisa"},',
  '"refused":["CaseReport.grading","CaseReport.victims"],',
  '"seq":1,',
  '"v":1}',
].join('');
const goldenHash = '86a9af867cbd3d2c01d909b9891fe61ff9f334803b32837c074d5a6369897ef1';

/** Format 2 adds the fields and the key. */
const goldenBytes2 = goldenBytes
  .replace(
    '"id":"00000000-0000-4000-8000-000000000001",',
    '"fields":{"empty":["AdvisoryConnection.totalCount"],"given":["Query.vulnerability","Vulnerability.advisories"]},' +
      '"id":"00000000-0000-4000-8000-000000000001","kid":"hub-1",',
  )
  .replace('"v":1', '"v":2');

test('keeps the bytes of format 2 unchanged', () => {
  const entry = chainEntry(draft(everything), genesis(deployment), 'hub-1');
  expect(new TextDecoder().decode(entry.bytes)).toBe(goldenBytes2);
  expect(entry.hash).toBe(hash(goldenBytes2));
});

test('verifies an entry of format 1 as hubs wrote it before', async () => {
  const bytes = Buffer.from(goldenBytes);
  expect(parseEntry(bytes)).toMatchObject({ v: 1, seq: 1, lost: ['europol'] });
  const { reader, operation } = draft(everything).parts;
  const id = '00000000-0000-4000-8000-000000000001';
  const entry = { id, seq: 1, hash: goldenHash, bytes, signature: null, parts: { reader, operation } };
  const chain = { deployment, keys: new Map(), unsignedUntil: 1 };
  expect(await verifyChain([entry], chain)).toMatchObject({ ok: true, entries: 1, unsigned: 1 });
});

test('parses every member that an entry can have', () => {
  const counted = disclosure({ type: 'Total', id: 'Total:x', version: 0, count: 12 });
  const given = { ...everything, disclosed: [...everything.disclosed, counted] };
  const { bytes } = chainEntry(draft(given), genesis(deployment), 'hub-1');
  expect(parseEntry(bytes)).toMatchObject({
    disclosed: expect.arrayContaining([expect.objectContaining({ count: 12 })]),
  });
});

test('computes genesis and commitments as documented', () => {
  const { parts } = draft(everything);
  const entry = JSON.parse(goldenBytes);
  expect(entry.prev).toBe(hash('jcu-hub trail v1 genesis\nexercise-hub'));
  expect(entry.reader.commitment).toBe(
    hash('jcu-hub trail v1 reader\n', Buffer.alloc(32, 1), parts.reader?.bytes),
  );
  expect(entry.operation.commitment).toBe(
    hash('jcu-hub trail v1 operation\n', Buffer.alloc(32, 2), parts.operation?.bytes),
  );
});

test('keeps names of persons and values of the client out of the entry', () => {
  const given = facts({
    operation: {
      name: 'FindAgentSmith',
      document: 'query FindAgentSmith { indicator(type: EMAIL_ADDR, value: "smith@example.org") { id } }',
      variables: { secret: 'smith@example.org' },
    },
    disclosed: [disclosure({ id: 'Indicator:EMAIL_ADDR:smith@example.org', type: 'Indicator' })],
  });
  expect(textOf(given)).not.toMatch(/smith|exercise-analyst-7|exercise-workbench|"analyst"/i);
  const { parts } = draft(given);
  expect(JSON.parse(new TextDecoder().decode(parts.operation?.bytes))).toEqual({
    name: 'FindAgentSmith',
    sha256: createHash('sha256').update(given.operation.document).digest('hex'),
    variables: { secret: 'smith@example.org' },
    ids: [{ index: 0, id: 'Indicator:EMAIL_ADDR:smith@example.org' }],
  });
});

test('links the ids in the personal part to their index in `disclosed`', () => {
  const entry = JSON.parse(textOf(everything));
  const apart = JSON.parse(new TextDecoder().decode(draft(everything).parts.operation?.bytes)).ids;
  expect(apart).toHaveLength(1);
  expect(entry.disclosed[apart[0].index]).toMatchObject({ type: 'Indicator', id: null });
});

test("limits the length of an operation's name", () => {
  const given = facts({ operation: { ...facts().operation, name: 'N'.repeat(100_000) } });
  const bytes = draft(given).parts.operation?.bytes;
  expect(JSON.parse(new TextDecoder().decode(bytes)).name).toHaveLength(256);
});

test('hashes an operation independent of its values, spaces and comments', () => {
  const one = hashOperation('{ advisory(id: "A", first: 5) { title } } # by Smith');
  expect(hashOperation('{\n  advisory(id: """B""", first: 1.5) {\n    title\n  }\n}')).toBe(one);
  expect(hashOperation('{ advisory(id: "A", first: 5) { id } }')).not.toBe(one);
  expect(hashOperation('{ advisory(id: "A", first: $n) { title } }')).not.toBe(one);
});

test('rejects an erasable personal part whose salt or bytes differ from the commitment', () => {
  const { body, parts } = draft(facts());
  const { reader, operation } = parts;
  if (reader === null || operation === null) throw new Error('expected both parts');
  expect(verifyPersonal(body, 'reader', reader)).toBe(true);
  expect(verifyPersonal(body, 'operation', operation)).toBe(true);
  expect(verifyPersonal(body, 'operation', reader)).toBe(false);
  expect(verifyPersonal(body, 'reader', { ...reader, salt: Buffer.alloc(32, 9) })).toBe(false);
  const changed = Buffer.from(reader.bytes);
  changed[10] = (changed[10] ?? 0) ^ 1;
  expect(verifyPersonal(body, 'reader', { ...reader, bytes: changed })).toBe(false);
});

test('rejects a personal part whose bytes are moved into the salt', () => {
  const { body, parts } = draft(facts());
  const all = Buffer.concat([parts.reader?.salt ?? Buffer.of(), parts.reader?.bytes ?? Buffer.of()]);
  const moved = { salt: all.subarray(0, 31), bytes: all.subarray(31) };
  expect(verifyPersonal(body, 'reader', moved)).toBe(false);
});

test('replaces a lone surrogate instead of failing to record', () => {
  const given = facts({
    operation: { ...facts().operation, variables: { ['\ud800']: ['\udfff'] } },
    disclosed: [disclosure({ id: 'Indicator:OTHER:\ud83d', extraRestrictions: ['\ud83d'] })],
  });
  expect(JSON.parse(textOf(given)).disclosed[0].extraRestrictions).toEqual(['\ufffd']);
});

test('round-trips any JSON value through its canonical bytes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (raw) => {
      const bytes = canonicalBytes(wellFormed(raw));
      expect(canonicalBytes(JSON.parse(bytes.toString('utf8'))).equals(bytes)).toBe(true);
    }),
  );
});

test('creates the same bytes for any order of keys and set members', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 });
  const some = fc.record({
    variables: fc.dictionary(text, fc.jsonValue()),
    refused: fc.array(text),
    disclosed: fc.array(
      fc.record({ id: text, version: fc.nat(), extraRestrictions: fc.array(text) }).map(disclosure),
    ),
  });
  fc.assert(
    fc.property(some, ({ variables, refused, disclosed }) => {
      const operation = { ...facts().operation, variables };
      const one = facts({ operation, refused, disclosed });
      const other = reverseKeys({
        ...one,
        operation: reverseKeys({ ...operation, variables: reverseKeys(variables) }),
        refused: refused.toReversed(),
        disclosed: disclosed.toReversed().map(reverseKeys),
      });
      expect(textOf(other)).toBe(textOf(one));
      expect(parseEntry(Buffer.from(textOf(one)))).not.toBeNull();
    }),
  );
});

/** SHA-256 as the documentation says it, by no code of the trail. */
function hash(text: string, ...bytes: readonly (Uint8Array | undefined)[]): string {
  return bytes.reduce((sum, one) => sum.update(one ?? ''), createHash('sha256').update(text)).digest('hex');
}

function reverseKeys<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).toReversed()) as T;
}

test('records a count with its number under the hash of its filter', () => {
  const count = disclosure({ id: 'Advisory:count-q3Jr0cXoT1y2bV8kLw5zSg', version: 0, count: 0 });
  const { body } = draft(facts({ disclosed: [count] }));
  expect(body.disclosed).toEqual([
    expect.objectContaining({ id: 'Advisory:count-q3Jr0cXoT1y2bV8kLw5zSg', count: 0 }),
  ]);
});

test('records the codes, restrictions and PAP of a portion, where the PAP is not the record’s', () => {
  const shown = portion({ pap: 'RED', handlingCodes: ['H2', 'H1'], extraRestrictions: ['no transfer'] });
  const text = textOf(facts({ disclosed: [disclosure({ portions: [shown] })] }));
  expect(text).toContain(
    '"portions":[{"extraRestrictions":["no transfer"],"handlingCodes":["H1","H2"],"pap":"RED","path":"victims","tlp":"RED"}]',
  );
  expect(parseEntry(Buffer.from(text))).not.toBeNull();
});
