import { expect, test } from '@jest/globals';
import { euKev } from '../../../../subgraphs/enisa/sources/eu-kev.ts';
import { headOf, mapAll, readReal, refusalOf, describeReal } from '../../../helpers/map-all.ts';

const entry = {
  cveID: 'CVE-2099-10001',
  euvdID: 'EUVD-2099-1',
  vendorProject: 'Fjordsoft',
  product: 'Transfer Gate',
  dateReported: '2026/09/14',
  patchedSince: '2026/09/10',
  originSource: 'CERT.PL',
  shortDescription: 'EXERCISE',
  exploitationType: ['ransomware', 'APT', 'of a new kind'],
  threatActorsExploiting: ['Paper Lantern'],
  notes: 'https://exercise.invalid/a, https://exercise.invalid/b',
};

describeReal('on the public records', () => {
  test('maps each of the 43 entries of EU KEV to a record and a statement', () => {
    const mapped = mapAll(euKev, readReal('enisa/eu-kev.json') as unknown[]);
    const ofKind = (kind: string) => mapped.filter((one) => one.kind === kind);
    expect(ofKind('VulnerabilityRecord')).toHaveLength(43);
    expect(ofKind('ExploitationStatement')).toHaveLength(43);
    const count = Object.entries(
      Object.groupBy(ofKind('ExploitationStatement'), (one) => one.says?.originator ?? ''),
    );
    expect(Object.fromEntries(count.map(([originator, ones]) => [originator, ones?.length]))).toEqual({
      'csirts-network': 25,
      'csirt-pl': 7,
      'csirt-it': 4,
      enisa: 3,
      'csirt-at': 2,
      'csirt-hu': 1,
      'csirt-fi': 1,
    });
    expect(euKev.recognise(headOf('enisa/eu-kev.json'))).toBe(true);
  });

  test('maps CVE-2025-53770 to its shared key', () => {
    const mapped = mapAll(euKev, readReal('enisa/eu-kev.json') as unknown[]);
    const found = mapped.filter((one) => one.names.includes('Vulnerability:CVE-2025-53770'));
    expect(found.map((one) => one.kind)).toEqual(['VulnerabilityRecord', 'ExploitationStatement']);
    expect(found[1]?.content).toMatchObject({ catalogue: 'EU_KEV', exploitationTypes: [expect.any(String)] });
  });
});

test('sets the CSIRT as originator in any spelling, and its Member State', () => {
  const [record, statement] = mapAll(euKev, [entry]);
  expect(record?.says?.originator).toBe('csirt-pl');
  expect(statement).toMatchObject({
    says: { originator: 'csirt-pl' },
    content: {
      assertedBy: 'CERT.PL',
      memberState: 'PL',
      ransomwareUse: 'KNOWN',
      exploitationTypes: ['RANSOMWARE', 'APT', 'UNKNOWN'],
      actors: ['ThreatActor:name:paperlantern'],
    },
    names: [
      'Vulnerability:CVE-2099-10001',
      'Vulnerability:EUVD-2099-1',
      'ThreatActor:name:paperlantern',
      'MemberState:PL',
    ],
  });
  expect(record?.content['references']).toEqual(['https://exercise.invalid/a', 'https://exercise.invalid/b']);
});

test('sets the CSIRTs network as originator of an unknown body, and keeps the text', () => {
  const [, statement] = mapAll(euKev, [{ ...entry, originSource: 'constructor' }]);
  expect(statement?.says?.originator).toBe('csirts-network');
  expect(statement?.content).toMatchObject({ assertedBy: 'constructor', memberState: null });
});

test('uses the EUVD id without a CVE id', () => {
  const [record, statement] = mapAll(euKev, [{ ...entry, cveID: '' }]);
  expect(record).toMatchObject({ localId: 'EUVD-2099-1', content: { cveId: null, euvdId: 'EUVD-2099-1' } });
  expect(statement?.names[0]).toBe('Vulnerability:EUVD-2099-1');
});

test('rejects an entry without an id or with a date that does not exist, without its values in the message', () => {
  expect(refusalOf(euKev, { ...entry, cveID: 'CVE-SECRETVALUE', euvdID: null })).toEqual([
    'WRONG_SHAPE',
    'cveID, euvdID: expected a CVE or EUVD id',
  ]);
  expect(refusalOf(euKev, { ...entry, dateReported: '2026/02/30' })?.[0]).toBe('WRONG_DATE');
  expect(mapAll(euKev, [{ ...entry, patchedSince: 'soon' }])[1]?.content['patchedSince']).toBeNull();
});
