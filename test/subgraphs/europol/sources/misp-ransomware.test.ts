import { expect, test } from '@jest/globals';
import { mispGalaxy } from '../../../../subgraphs/europol/sources/misp-galaxy.ts';
import { mispRansomware } from '../../../../subgraphs/europol/sources/misp-ransomware.ts';
import { headOf, mapAll, readReal, describeReal } from '../../../helpers/map-all.ts';

const galaxy = 'europol/misp-galaxy-ransomware.json';
const family = (meta: object, more: object = {}) => ({
  uuid: '7e9f4082-2fa0-4020-8077-2f2e3c4d5e01',
  value: 'LANTERN-LOCK (EXERCISE)',
  meta,
  ...more,
});
const contentOf = (record: unknown) => mapAll(mispRansomware, [record])[0]?.content;

describeReal('on the public records', () => {
  test('maps all 2,135 families, including the one with only punctuation in its name', () => {
    const mapped = mapAll(mispRansomware, (readReal(galaxy) as { values: unknown[] }).values);
    expect(mapped).toHaveLength(2135);
    expect(mapped.filter(({ content }) => content['nameKey'] === '$$$')).toHaveLength(1);
    const withDate = mapped.filter(({ content }) => content['firstSeen'] !== null);
    expect(withDate).toHaveLength(286);
    expect(mapped.filter(({ content }) => content['decryptorAvailable'] === 'YES')).toHaveLength(36);
    const vulnerabilities = mapped.flatMap(({ names }) => names.filter((name) => name.startsWith('Vul')));
    expect(vulnerabilities.toSorted()).toEqual([
      'Vulnerability:CVE-2019-2725',
      'Vulnerability:CVE-2020-1472',
      'Vulnerability:CVE-2021-22205',
      'Vulnerability:CVE-2021-26084',
      'Vulnerability:CVE-2021-26084',
      'Vulnerability:CVE-2021-44228',
      'Vulnerability:CVE-2023-22518',
    ]);
  });

  test('is not confused with the galaxy of actors', () => {
    expect(mispRansomware.recognise(headOf(galaxy))).toBe(true);
    expect(mispGalaxy.recognise(headOf(galaxy))).toBe(false);
    expect(mispRansomware.recognise(headOf('common/misp-galaxy-threat-actor.json'))).toBe(false);
  });
});

test('reads the members of a cluster in every known spelling', () => {
  const content = contentOf(
    family(
      {
        extensions: ['.a'],
        extension: '.b',
        ransomnotes: ['one'],
        ransomenotes: ['two'],
        'ransomnotes-filesnames': ['1.txt'],
        'ransomenotes-files': ['2.txt'],
        Encryption: 'RSA',
        refs: ['https://exercise.invalid/cve-2099-10001'],
      },
      { description: 'EXERCISE: comes in by CVE-2099-10002' },
    ),
  );
  expect(content).toMatchObject({
    nameKey: 'lanternlockexercise',
    extensions: ['.a', '.b'],
    ransomNotes: [{ value: 'one' }, { value: 'two' }],
    ransomNoteFiles: ['1.txt', '2.txt'],
    encryption: 'RSA',
    vulnerabilities: ['CVE-2099-10002', 'CVE-2099-10001'],
    successorOf: [],
  });
});

test.each([
  ['March 2017', '2017-03-01', 'MONTH'],
  ['2024', '2024-01-01', 'YEAR'],
  ['Febuary 2017', '2017-01-01', 'YEAR'],
  ['Mars 2017', '2017-01-01', 'YEAR'],
  ['Nov. 21, 2016', '2016-01-01', 'YEAR'],
  ['November/December 2016', '2016-01-01', 'YEAR'],
])('reads the first sighting "%s" with its precision', (date, utc, precision) => {
  expect(contentOf(family({ date }))?.['firstSeen']).toMatchObject({ utc: new Date(utc), precision });
});

test('reads no date with two years or none, and none for a day that does not exist', () => {
  expect(contentOf(family({ date: 'December 2016/January 2017' }))?.['firstSeen']).toBeNull();
  expect(contentOf(family({ date: 'unknown' }))?.['firstSeen']).toBeNull();
  expect(contentOf(family({ date: '2017-02-30' }))?.['firstSeen']).toBeNull();
});

test.each([
  ['https://decrypter.emsisoft.com/marlboro', 'YES'],
  ['https://www.emsisoft.com/en/ransomware-decryption/astralocker/', 'YES'],
  ['https://decrypter.emsisoft.com/', 'UNKNOWN'],
  ['https://www.nomoreransom.org/en/decryption-tools.html', 'UNKNOWN'],
  ['https://exercise.invalid/decryptors-no-longer-work', 'UNKNOWN'],
  ['https://exercise.invalid/?https://decrypter.emsisoft.com/marlboro', 'UNKNOWN'],
  ['http://decrypt5bub45vpr.onion', 'UNKNOWN'],
  ['no address', 'UNKNOWN'],
])('reads from the reference %s whether a decryptor is available: %s', (reference, state) => {
  expect(contentOf(family({ refs: [reference] }))?.['decryptorAvailable']).toBe(state);
});

test('refers to the actors of `used-by` relations, and to none of other relations', () => {
  const uuid = 'E0A1F1D2-5B0C-4A6E-9D53-6D1F0C7E2A02';
  const related = [
    { 'dest-uuid': uuid, type: 'used-by' },
    { 'dest-uuid': '7e9f4082-2fa0-4020-8077-2f2e3c4d5e02', type: 'similar' },
    { 'dest-uuid': 'none', type: 'used-by' },
  ];
  const [mapped] = mapAll(mispRansomware, [family({}, { related })]);
  expect(mapped?.names).toEqual([`ThreatActor:${uuid.toLowerCase()}`]);
});
