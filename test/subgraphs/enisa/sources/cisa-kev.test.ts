import { expect, test } from '@jest/globals';
import { cisaKev } from '../../../../subgraphs/enisa/sources/cisa-kev.ts';
import { euKev } from '../../../../subgraphs/enisa/sources/eu-kev.ts';
import { headOf, mapAll, readReal, refusalOf, describeReal } from '../../../helpers/map-all.ts';

const entry = {
  cveID: 'cve-2099-10001',
  vendorProject: 'Fjordsoft',
  product: 'Transfer Gate',
  vulnerabilityName: 'EXERCISE: command injection',
  dateAdded: '2026-09-15',
  shortDescription: 'EXERCISE',
  requiredAction: 'EXERCISE: update',
  dueDate: '2026-10-06',
  knownRansomwareCampaignUse: 'Known',
  notes: 'More: https://exercise.invalid/a;b ; https://exercise.invalid/c,d.; see there',
  cwes: ['CWE-78'],
};

describeReal('on the public records', () => {
  test('maps each of the 1,404 entries to a record and a statement by CISA', () => {
    const { vulnerabilities } = readReal('enisa/cisa-kev.json') as { vulnerabilities: unknown[] };
    const mapped = mapAll(cisaKev, vulnerabilities);
    const statements = mapped.filter((one) => one.kind === 'ExploitationStatement');
    expect(mapped).toHaveLength(2 * 1404);
    expect(statements).toHaveLength(1404);
    expect(statements.filter((one) => one.content['ransomwareUse'] === 'KNOWN')).toHaveLength(293);
    expect(mapped.every((one) => one.says?.originator === undefined)).toBe(true);
    expect(cisaKev.defaults).toMatchObject({
      originator: 'cisa',
      custodian: 'enisa',
      marking: { tlp: 'CLEAR' },
    });
    expect(cisaKev.recognise(headOf('enisa/cisa-kev.json'))).toBe(true);
    expect(euKev.recognise(headOf('enisa/cisa-kev.json'))).toBe(false);
  });
});

test('maps an entry to a record and a statement, with the addresses in its notes', () => {
  const [record, statement] = mapAll(cisaKev, [entry]);
  expect(record).toMatchObject({
    localId: 'CVE-2099-10001',
    names: ['Vulnerability:CVE-2099-10001'],
    content: {
      cveId: 'CVE-2099-10001',
      references: ['https://exercise.invalid/a;b', 'https://exercise.invalid/c,d'],
    },
  });
  expect(statement).toMatchObject({
    sortAt: new Date('2026-09-15'),
    content: {
      assertedBy: 'CISA',
      ransomwareUse: 'KNOWN',
      dueDate: { utc: new Date('2026-10-06'), precision: 'DAY' },
      requiredAction: { value: 'EXERCISE: update' },
    },
  });
});

test('rejects an invalid CVE id and a date that does not exist', () => {
  expect(refusalOf(cisaKev, { ...entry, cveID: 'EUVD-2099-1' })?.[0]).toBe('WRONG_SHAPE');
  expect(refusalOf(cisaKev, { ...entry, dateAdded: '2026-02-30' })?.[0]).toBe('WRONG_DATE');
  expect(mapAll(cisaKev, [{ ...entry, dueDate: '2026-02-30' }])[1]?.content['dueDate']).toBeNull();
});
