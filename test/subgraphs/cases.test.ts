import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores, type Stores } from '../../docker/trial/stores/stores.ts';
import type { StoredRecord } from '../../schema/record/envelope.ts';
import { community as certEu } from '../../subgraphs/cert-eu/community.ts';
import { sources as certEuSources } from '../../subgraphs/cert-eu/sources.ts';
import { community as defence } from '../../subgraphs/defence/community.ts';
import { sources as defenceSources } from '../../subgraphs/defence/sources.ts';
import { community as eeas } from '../../subgraphs/eeas/community.ts';
import { sources as eeasSources } from '../../subgraphs/eeas/sources.ts';
import { community as enisa } from '../../subgraphs/enisa/community.ts';
import { sources as enisaSources } from '../../subgraphs/enisa/sources.ts';
import { markingOf } from '../../subgraphs/serve/record/marking.ts';
import type { Defaults, Source } from '../../subgraphs/serve/ingest/sources/source.ts';
import { recordsOf } from '../../subgraphs/serve/store/collections.ts';
import { InStore, type Imported } from '../helpers/in-store.ts';
import { describeReal } from '../helpers/map-all.ts';
import { realData } from '../helpers/standing.ts';

/** Small inputs from outside the project; their README says which result is right. */
const cases = join(realData, 'cases');
const scratch = mkdtempSync(join(tmpdir(), 'jcu-cases-'));
const parts = {
  'cert-eu': { community: certEu, sources: certEuSources },
  defence: { community: defence, sources: defenceSources },
  eeas: { community: eeas, sources: eeasSources },
  enisa: { community: enisa, sources: enisaSources },
} as const;
type Name = keyof typeof parts;

let stores: Stores;
let all: Readonly<Record<Name, InStore>>;
beforeAll(async () => {
  stores = await startStores({ home: join(scratch, 'stores') });
  all = {
    'cert-eu': await InStore.open(certEu, stores),
    defence: await InStore.open(defence, stores),
    eeas: await InStore.open(eeas, stores),
    enisa: await InStore.open(enisa, stores),
  };
});
afterAll(async () => {
  for (const one of Object.values(all)) await one[Symbol.asyncDispose]();
  await stores.stop();
  rmSync(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const one of Object.values(all)) await one.clear();
});

/** Imports a case with the first source that recognises it. */
async function take(name: Name, file: string, defaults: Partial<Defaults> = {}): Promise<Imported> {
  return await takePath(name, join(cases, file), defaults);
}

async function takePath(name: Name, path: string, defaults: Partial<Defaults> = {}): Promise<Imported> {
  const head = readFileSync(path, 'utf8').slice(0, 65_536);
  const source = parts[name].sources.find((one: Source) => one.recognise(head));
  if (source === undefined) throw new Error(`expected a source that recognises ${path}`);
  return await all[name].import(source, path, defaults);
}

/** Imports a changed copy of a case. */
async function takeChanged(name: Name, file: string, change: (text: string) => string): Promise<Imported> {
  const path = join(scratch, file);
  writeFileSync(path, change(readFileSync(join(cases, file), 'utf8')));
  return await takePath(name, path);
}

type Row = StoredRecord<Record<string, unknown>>;

async function recordsIn(name: Name, kind: string): Promise<readonly Row[]> {
  const rows = await recordsOf(all[name].store, kind).find().sort({ 'envelope.localId': 1 }).toArray();
  return rows as readonly Row[];
}

/** Returns the records under a shared key. */
async function named(name: Name, key: string): Promise<number> {
  return await all[name].store.links.countDocuments({ key });
}

const reversed = (text: string) => {
  const bundle = JSON.parse(text) as { objects: unknown[] };
  return JSON.stringify({ ...bundle, objects: bundle.objects.toReversed() });
};

const other = (text: string) => text.replace('CVE-2026-20002', 'CVE-2026-20003');

const entry = (cveID: string, changes: object = {}) => ({
  cveID,
  vendorProject: 'Invented',
  product: 'Invented',
  vulnerabilityName: 'Invented',
  dateAdded: '2026-01-01',
  shortDescription: 'Invented.',
  requiredAction: 'Invented.',
  ...changes,
});
const catalogue = (catalogVersion: string, ...vulnerabilities: readonly object[]) => ({
  catalogVersion,
  vulnerabilities,
});

describeReal('markings in tags and labels (D1)', () => {
  test('reads every spelling of RED as RED', async () => {
    expect(await take('cert-eu', 'misp-18-red-variants.json')).toMatchObject({ rejected: 0, read: 4 });
    for (const kind of ['MispEvent', 'Sighting']) {
      const rows = await recordsIn('cert-eu', kind);
      expect(rows.map(({ envelope }) => envelope.marking.tlp)).toEqual(['RED', 'RED', 'RED', 'RED']);
    }
  });

  test('reads the tags of the taxonomy, and refuses one without a colour by its name', async () => {
    const { rejects } = await take('cert-eu', 'misp-01-tags.json');
    expect(rejects).toMatchObject([
      { index: 3, reason: 'WRONG_MARKING', message: expect.stringContaining('"tlp:ex:chr"') },
    ]);
    const rows = await recordsIn('cert-eu', 'MispEvent');
    const markings = rows.map(({ envelope: { marking } }) => [marking.tlp, marking.pap, marking.rawTlp]);
    expect(markings).toEqual([
      ['CLEAR', 'CLEAR', 'tlp:white'],
      ['CLEAR', 'CLEAR', null],
      ['AMBER_STRICT', 'CLEAR', null],
      ['GREEN', 'CLEAR', null],
      ['GREEN', 'CLEAR', null],
      ['GREEN', 'CLEAR', null],
    ]);
  });

  test('reads TLP in the labels of a STIX object, whatever the import sets', async () => {
    const green = { marking: markingOf('GREEN'), isTlpGiven: true as const };
    expect(await take('defence', 'stix-11-tlp-in-labels.json', green)).toMatchObject({ rejected: 0 });
    const rows = await recordsIn('defence', 'StixObservation');
    expect(rows.map(({ envelope }) => envelope.marking.tlp)).toEqual(['AMBER_STRICT', 'RED']);
  });

  test('refuses a STIX object with a label about TLP that has no colour', async () => {
    const { rejects } = await takeChanged('defence', 'stix-11-tlp-in-labels.json', (text) =>
      text.replace('tlp:amber+strict', 'TLP purple'),
    );
    expect(rejects).toMatchObject([
      { index: 0, reason: 'WRONG_MARKING', message: expect.stringContaining('"TLP purple"') },
    ]);
  });
});

describeReal('older never overwrites newer (D2)', () => {
  test.each([
    ['enisa', 'csaf-02a-v2.json', 'csaf-02b-v1.json', 'VulnerabilityRecord', 'second version: not affected'],
    ['cert-eu', 'misp-09a-newer.json', 'misp-09b-older.json', 'MispEvent', 'newer text'],
    ['cert-eu', 'misp-09a-newer.json', 'misp-09b-older.json', 'Sighting', '"new"'],
  ] as const)('%s keeps %s when %s comes later: %s', async (name, newer, older, kind, kept) => {
    await take(name, newer);
    const report = await take(name, older);
    expect(report).toMatchObject({ changed: 0, added: 0, rejected: 0 });
    expect(report.older).toBeGreaterThan(0);
    const first = await recordsIn(name, kind);
    await all[name].clear();
    await take(name, older);
    await take(name, newer);
    for (const rows of [first, await recordsIn(name, kind)]) {
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).toContain(kept);
    }
  });

  test('keeps the latest version of an object, in whatever order a bundle has them', async () => {
    for (const change of [(text: string) => text, reversed]) {
      await all.defence.clear();
      const report = await takeChanged('defence', 'stix-02-two-versions-one-bundle.json', change);
      expect(report).toMatchObject({ rejected: 0, older: 1 });
      const rows = await recordsIn('defence', 'StixObservation');
      expect(rows.map(({ content }) => content['name'])).toEqual(['two new']);
    }
  });

  test('withdraws a sighting whose attribute was deleted', async () => {
    await take('cert-eu', 'misp-10a-two-attributes.json');
    expect(await named('cert-eu', 'Indicator:DOMAIN_NAME:gone.example')).toBe(1);
    expect(await take('cert-eu', 'misp-10b-one-deleted.json')).toMatchObject({ withdrawn: 1 });
    const rows = await recordsIn('cert-eu', 'Sighting');
    expect(rows.map(({ envelope }) => envelope.recordState)).toEqual(['ACTIVE', 'RETRACTED']);
    expect(await named('cert-eu', 'Indicator:DOMAIN_NAME:gone.example')).toBe(0);
    await take('cert-eu', 'misp-10a-two-attributes.json');
    const after = await recordsIn('cert-eu', 'Sighting');
    expect(after.map(({ envelope }) => envelope.recordState)).toEqual(['ACTIVE', 'RETRACTED']);
  });

  test('withdraws a vulnerability that a newer version of a document does not hold', async () => {
    await take('enisa', 'csaf-02b-v1.json');
    expect(await takeChanged('enisa', 'csaf-02a-v2.json', other)).toMatchObject({ added: 1, withdrawn: 1 });
    const rows = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(rows.map(({ envelope }) => envelope.recordState)).toEqual(['RETRACTED', 'ACTIVE']);
    expect(await named('enisa', 'Vulnerability:CVE-2026-20002')).toBe(0);
    expect(await take('enisa', 'csaf-02b-v1.json')).toMatchObject({ older: 1, changed: 0 });
  });
});

describeReal('catalogues (D2)', () => {
  const kev = enisaSources.find(({ name }) => name === 'cisa-kev') as Source;
  const [a, b] = ['CVE-2026-30001', 'CVE-2026-30002'];

  test('withdraws what a newer one does not have, and leaves out an older one', async () => {
    await all.enisa.import(kev, catalogue('2026.01.01', entry(a), entry(b)));
    expect(await all.enisa.import(kev, catalogue('2026.01.03', entry(a)))).toMatchObject({
      withdrawn: 2,
      unchanged: 2,
    });
    expect(await named('enisa', `Vulnerability:${b}`)).toBe(0);
    const older = catalogue('2026.01.02', entry(a, { product: 'Older' }), entry(b));
    expect(await all.enisa.import(kev, older)).toMatchObject({ older: 2, added: 0, changed: 0 });
    const rows = await recordsIn('enisa', 'ExploitationStatement');
    expect(rows.map(({ envelope }) => envelope.recordState)).toEqual(['ACTIVE', 'RETRACTED']);
    expect(await all.enisa.import(kev, catalogue('2026.01.04', entry(a), entry(b)))).toMatchObject({
      changed: 2,
    });
    expect(await named('enisa', `Vulnerability:${b}`)).toBe(2);
  });

  test('withdraws nothing if an entry was rejected, and takes CWEs as one text', async () => {
    await all.enisa.import(kev, catalogue('2026.01.01', entry(a), entry(b, { cwes: 'CWE-79' })));
    const [, row] = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(row?.content['cwes']).toEqual(['CWE-79']);
    const broken = await all.enisa.import(kev, catalogue('2026.01.03', entry(a), entry('no id')));
    expect(broken).toMatchObject({ withdrawn: 0, rejected: 1, notes: [expect.stringContaining('rejected')] });
  });
});

describeReal('alias tables in any order (D3)', () => {
  test.each([
    [['order-01-event.json', 'order-02-table.json']],
    [['order-02-table.json', 'order-01-event.json']],
  ])('an actor has its event after %j', async (order) => {
    for (const file of order) {
      if (file === 'order-02-table.json') await all['cert-eu'].importAliases(join(cases, file));
      else await take('cert-eu', file);
    }
    const key = 'ThreatActor:72000000-0000-4000-8000-000000000001';
    expect(await named('cert-eu', key)).toBe(1);
    const [event] = await recordsIn('cert-eu', 'MispEvent');
    expect(event?.content['actors']).toEqual([key]);
  });
});

describeReal('statements of no limit (D4)', () => {
  test('opens a document whose disclosure is not limited', async () => {
    await take('enisa', 'csaf-01-text-not-limited.json');
    const [row] = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(row?.envelope.marking).toMatchObject({ tlp: 'CLEAR', extraRestrictions: [], rawTlp: 'TLP:WHITE' });
  });

  test('keeps another text as a restriction', async () => {
    await takeChanged('enisa', 'csaf-01-text-not-limited.json', (text) =>
      text.replace('Disclosure is not limited', 'Disclosure is not limited, except to the press'),
    );
    const [row] = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(row?.envelope.marking.extraRestrictions).toEqual([
      'Disclosure is not limited, except to the press',
    ]);
  });
});

describeReal('a fault in one field (D5)', () => {
  test('costs the field of an attribute, and the warning names it', async () => {
    const report = await take('cert-eu', 'misp-03-first-seen.json');
    expect(report).toMatchObject({ read: 9, rejected: 0, added: 18 });
    const warned = report.rejects.filter(({ reason }) => reason === 'FIELD');
    expect(warned.map(({ index, message }) => [index, message])).toEqual(
      [2, 4, 7].map((index) => [index, expect.stringContaining('Event.Attribute.0.first_seen: expected')]),
    );
    expect(warned[0]?.message).toContain('2026-04-16T08:35:00.123456');
  });

  test('reads an empty list as no sharing group', async () => {
    expect(await take('cert-eu', 'misp-04-sharing-group-array.json')).toMatchObject({ rejected: 0 });
    const rows = await recordsIn('cert-eu', 'MispEvent');
    expect(rows.map(({ envelope }) => envelope.audience.sharingGroups)).toEqual([
      [],
      ['Invented group'],
      ['misp-sharing-group-7'],
    ]);
  });

  test('costs the date of a history line', async () => {
    const { rejects } = await take('cert-eu', 'adv-02-history-typo.json');
    expect(rejects).toMatchObject([
      { reason: 'FIELD', message: expect.stringMatching(/content_markdown.*history.*09\/19\/2026/) },
    ]);
    const [row] = await recordsIn('cert-eu', 'Advisory');
    expect(row?.content['versions']).toMatchObject([{ version: '1.0', date: null }]);
  });

  test('refuses a document with the same CVE twice, and says which', async () => {
    const { rejects } = await take('enisa', 'csaf-09-same-cve-twice.json');
    expect(rejects).toMatchObject([
      { reason: 'WRONG_SHAPE', message: expect.stringMatching(/vulnerabilities\.1\.cve.*CVE-2026-20010/) },
    ]);
    expect(await recordsIn('enisa', 'VulnerabilityRecord')).toEqual([]);
  });
});

const broken = (text: string) => text.replace('"TLP: CLEAR"', 'CLEAR');

describeReal('a text that is not JSON (D5)', () => {
  test('is rejected with the line and column of the fault', async () => {
    const { rejects } = await takeChanged('cert-eu', 'misp-01-tags.json', broken);
    const text = broken(readFileSync(join(cases, 'misp-01-tags.json'), 'utf8'));
    const before = text.slice(0, text.indexOf('CLEAR')).split('\n');
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    expect(rejects[0]).toMatchObject({
      reason: 'MALFORMED',
      line,
      column,
      message: `expected a JSON value (line ${line}, column ${column})`,
    });
  });
});

describeReal('the summary (D6)', () => {
  test('counts objects of types without a place', async () => {
    expect(await take('defence', 'stix-10-types-without-place.json')).toMatchObject({
      skipped: { 'threat-actor': 1, report: 1, 'ipv4-addr': 1, vulnerability: 1 },
    });
  });

  test('keeps a score of CVSS 4.0', async () => {
    await take('enisa', 'csaf-05-cvss.json');
    const [row] = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(row?.content['cvss']).toMatchObject([
      {
        version: '4.0',
        vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
        score: 9.3,
        severity: 'CRITICAL',
      },
    ]);
  });

  test('makes a record of an advisory without vulnerabilities', async () => {
    expect(await take('enisa', 'csaf-11-no-vulns.json')).toMatchObject({ added: 1 });
    const [row] = await recordsIn('enisa', 'VulnerabilityRecord');
    expect(row?.content).toMatchObject({ title: { value: 'Invented advisory IV-11' }, vulnerability: null });
  });

  test('takes an empty answer of MISP', async () => {
    expect(await take('cert-eu', 'misp-16-empty-response.json')).toMatchObject({ read: 0, broken: [] });
  });
});

describeReal('content (D7)', () => {
  test.each([
    [
      'adv-01-headings.json',
      { recommendations: { value: 'Patch now.' }, affectedProducts: { value: '- Box 1' } },
    ],
    [
      'adv-03-history-colon.json',
      {
        versions: [{ version: '1.0', date: { utc: new Date('2026-09-19') }, change: 'Initial publication' }],
      },
    ],
    ['adv-05-likely.json', { exploitedInTheWild: 'UNKNOWN' }],
    ['adv-06-imminent.json', { exploitedInTheWild: 'UNKNOWN' }],
  ])('reads %s', async (file, content) => {
    await take('cert-eu', file);
    const [row] = await recordsIn('cert-eu', 'Advisory');
    expect(row?.content).toMatchObject(content);
  });

  test('keeps both programmes, the remark, year ranges and the month of birth of a listing', async () => {
    expect(await take('eeas', 'sanctions-1.1-two-programmes.xml')).toMatchObject({ rejected: 0 });
    const [unit, person] = await recordsIn('eeas', 'SanctionsListing');
    expect(unit?.content).toMatchObject({
      programmes: ['UKR', 'CYB'],
      remark: { value: expect.stringContaining('Invented unit') },
    });
    expect(person?.content['birth']).toMatchObject([
      { date: null, yearFrom: 1980, yearTo: 1985, country: null },
      { date: { utc: new Date('1981-04-01'), precision: 'MONTH' } },
    ]);
  });

  test('reads the values of STIX patterns in canonical form', async () => {
    await take('defence', 'stix-04-patterns.json');
    const rows = await recordsIn('defence', 'StixObservation');
    const found = rows.map(({ content }) => [content['name'], content['indicators']]);
    expect(found).toEqual([
      ['p00', ['Indicator:URL:https://example.com/p?m=%27hi%27']],
      ['p03', ['Indicator:URL:http://a.example/', 'Indicator:URL:http://b.example/']],
      ['p04', []],
      ['p07', []],
      ['p08', [`Indicator:FILE_SHA256:${'a'.repeat(64)}`, 'Indicator:FILE_NAME:x.exe']],
      ['p13', ['Indicator:DOMAIN_NAME:example.com']],
      ['p14', ['Indicator:IPV6_ADDR:2001:db8::1']],
    ]);
  });
});
