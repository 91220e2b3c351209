import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  bearsClassification,
  bearsClassificationInText,
} from '../../../../subgraphs/serve/record/classification.ts';

const realData = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'data');

test.each([
  ['RESTREINT UE/EU RESTRICTED'],
  ['TRÈS SECRET UE / EU TOP SECRET'],
  ['Tres secret UE/EU top secret'],
  ['R-UE/EU-R'],
  ['S-UE/EU-S'],
  ['NATO RESTRICTED'],
  ['cosmic top secret'],
  ['NATO SECRET REL TO UKR'],
  ['NATO SECRET - page 1 of 9'],
  ['VS-NfD'],
  ['VS – NUR FÜR DEN DIENSTGEBRAUCH'],
  ['VS-NUR FU\u0308R DEN DIENSTGEBRAUCH'],
  ['ＮＡＴＯ　ＳＥＣＲＥＴ'],
  ['NATO\u00a0SECRET'],
  ['NA\u200bTO SECRET'],
  ['*** EU CONFIDENTIAL ***'],
  ['<b>EU SECRET</b>'],
  ['Classification: EU RESTRICTED'],
  ['EXERCISE NATO SECRET'],
  ['TOP SECRET//SI//NOFORN'],
  ['SECRET//REL TO USA, FVEY'],
  ['Confidentiel Défense'],
  ['DIFFUSION RESTREINTE'],
  ['OFFICIAL-SENSITIVE'],
  ['ZEER GEHEIM / TRÈS SECRET'],
  ['Ściśle tajne'],
  ['СТРОГО СЕКРЕТНО'],
  ['Άκρως Απόρρητο'],
])('finds a banner that is a whole line: %s', (banner) => {
  expect(bearsClassification({ any: { field: [banner] } })).toBe(true);
  expect(bearsClassification({ text: `${banner}\nSomething is written below it.` })).toBe(true);
  expect(bearsClassification({ text: `Something is written above it.\r\n  ${banner}  \r\n` })).toBe(true);
  expect(bearsClassification({ text: `First line.\n${banner}\nLast line, for the record.` })).toBe(true);
});

test.each([
  [{ classification: 'SECRET' }],
  [{ classification: 'Secret' }],
  [{ Classification: 'EU RESTRICTED // something' }],
  [{ securityClassification: { level: 'CONFIDENTIAL' } }],
  [{ marking: ['TLP:AMBER', 'NATO CONFIDENTIAL'] }],
  [{ classification: 'CTS' }],
  [{ protective_marking: 'Geheim' }],
  [{ a: { b: [{ einstufung: 'VS-Vertraulich' }] } }],
])('finds any level in a field for markings: %j', (record) => {
  expect(bearsClassification(record)).toBe(true);
});

test.each([
  ['nato:classification="NS"'],
  ['nato:classification="CTS-A"'],
  ['NATO:Classification="NR"'],
  ['euci:EU-RESTRICTED'],
  ['euci:EU-TOP-SECRET'],
  ['de-vs:Einstufung="VS-NfD"'],
  ['de-vs:Einstufung="GEHEIM"'],
  ['de-vs:Schutzwort="ANY"'],
  ['fr-classif:classifiees="SECRET"'],
  ['fr-classif:classifiees-defense="TRES_SECRET_DEFENSE"'],
  ['fr-classif:non-classifiees="DIFFUSION_RESTREINTE"'],
  ['dni-ism:classification:us="TS"'],
  ['our-own:classification="EU SECRET"'],
  ['our-own:label="RESTREINT UE/EU RESTRICTED"'],
])('finds a tag of a classification taxonomy: %s', (name) => {
  expect(bearsClassification({ Event: { Tag: [{ name, colour: '#ff0000' }] } })).toBe(true);
});

test.each([
  ['nato:classification="NU"'],
  ['dni-ism:classification:us="U"'],
  ['fr-classif:non-classifiees="NON-PROTEGE"'],
  ['csirt_case_classification:sensitivity-classification="1"'],
  ['rsit:information-gathering="scanner"'],
  ['tlp:amber+strict'],
  ['tlp:red'],
  ['PAP:RED'],
  ['NATO: a summit was the bait of the campaign'],
  ['misp-galaxy:threat-actor="Secret Blizzard"'],
  ['Secret'],
  ['secret'],
  ['Kubernetes Secret'],
  ['SECRET_KEY'],
  ['C:\\Users\\Public\\secret.txt'],
  ['https://example.org//secret//'],
  ['The file was marked NATO SECRET by whoever forged it.'],
  ['NATO Secret documents stolen in a phishing campaign'],
  ['EU restricted the export of such tools.'],
  ['Top Secret America: a lure document'],
  ['Confidential Computing with SGX'],
  ['Geheimnisse der Linux-Shell'],
  ['TLP:AMBER'],
])('ignores a mention, an unclassified tag and another marking: %s', (text) => {
  expect(bearsClassification({ info: text, Tag: [{ name: text }] })).toBe(false);
  expect(bearsClassification({ text: `Some words.\n${text} and so on.\nMore words.` })).toBe(false);
});

test('finds a common word in capitals only as the first, last or only line', () => {
  expect(bearsClassification({ text: 'SECRET\nWe know who did it.\nSECRET' })).toBe(true);
  expect(bearsClassification({ text: 'We know who did it.\n\nCONFIDENTIAL\n' })).toBe(true);
  expect(bearsClassification({ Attribute: [{ type: 'comment', value: 'TRÈS SECRET' }] })).toBe(true);
  expect(bearsClassification({ text: 'Words in a puzzle:\nSECRET\nHIDDEN' })).toBe(false);
  expect(bearsClassification({ filename: 'SECRET' })).toBe(false);
});

test('ignores fields that classify something else', () => {
  expect(bearsClassification({ classification: { taxonomy: 'rsit', value: 'malicious-code' } })).toBe(false);
  expect(bearsClassification({ meta: { 'threat-actor-classification': ['operation'] } })).toBe(false);
  expect(bearsClassification({ classification: 'none' })).toBe(false);
  expect(bearsClassification({ classification: 'UNCLASSIFIED' })).toBe(false);
  expect(bearsClassification({ marking: { tlp: 'AMBER' } })).toBe(false);
});

test('searches text that is not JSON and values nested deeper than the call stack', () => {
  expect(bearsClassificationInText('{"title": "x", "tag": "nato:classification=\\"NS\\"", ')).toBe(true);
  expect(bearsClassificationInText('{"title": "x", "classification": "SECRET", ')).toBe(true);
  expect(bearsClassificationInText('{"text": "NATO SECRET\\nthe plan", oops}')).toBe(true);
  expect(bearsClassificationInText('{"text": "Tr\\u00e8s secret UE", oops}')).toBe(true);
  expect(bearsClassificationInText('{"text": "nothing of the kind", oops}')).toBe(false);
  const deep = `${'['.repeat(200_000)}"NATO SECRET"${']'.repeat(200_000)}`;
  expect(bearsClassification(JSON.parse(deep))).toBe(true);
});

const onRealRecords = existsSync(realData) ? describe : describe.skip;
onRealRecords('on the public records (../shared/data)', () => {
  test('finds no classification', async () => {
    const entries = await readdir(realData, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(200);
    expect(files.filter((file) => bearsClassification(JSON.parse(readFileSync(file, 'utf8'))))).toEqual([]);
    expect(files.filter((file) => bearsClassificationInText(readFileSync(file, 'utf8')))).toEqual([]);
  });
});
