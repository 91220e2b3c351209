import { expect, test } from '@jest/globals';
import { organisations, readers } from '../../../../docker/trial/issuer/readers.ts';

test('names and subjects of readers and ids of organisations are unique', () => {
  for (const names of [
    readers.map((one) => one.as),
    readers.map((one) => one.subject),
    organisations.map((one) => one.id),
  ]) {
    expect(new Set(names).size).toBe(names.length);
  }
});

test('every reader belongs to an organisation of the registry', () => {
  const ids = new Set(organisations.map((one) => one.id));
  expect(readers.filter((reader) => !ids.has(reader.organisation))).toEqual([]);
});

test('diplomats, companies, the third state and the audit office are outside the GREEN community', () => {
  const outside = organisations
    .filter((one) => !one.communities.includes('cyber-defence'))
    .map((one) => one.id);
  expect(outside).toEqual([
    'council',
    'mfa-nl',
    'cyber-centre-no',
    'nordsee-energy',
    'polder-intelligence',
    'leuchtfeuer-security',
    'audit-office',
  ]);
});
