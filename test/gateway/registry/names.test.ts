import { expect, test } from '@jest/globals';
import { namesByPicture, toNames } from '../../../gateway/registry/watch-names.ts';
import { aliasesOfGalaxy, rowsOf } from '../../../schema/record/aliases.ts';

const [first, second] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const { rows } = aliasesOfGalaxy({
  type: 'threat-actor',
  uuid: '33333333-3333-4333-8333-333333333333',
  version: 1,
  values: [
    { uuid: first, value: 'EXERCISE BEAR', meta: { synonyms: ['Winter', 'Alpha'] } },
    { uuid: second, value: 'EXERCISE WOLF', meta: { synonyms: ['Winter'] } },
  ],
});
const names = toNames(rows);

test('finds an actor by its name and by a synonym, in any case', () => {
  const [key] = names.actorsNamed('exercise bear');
  expect(key).toContain(first);
  expect(names.actorsNamed('ALPHA')).toEqual([key]);
});

test('finds all actors of an ambiguous synonym', () => {
  expect(names.actorsNamed('winter')).toHaveLength(2);
});

test('returns an own key for an unknown name, and none for a name without letters', () => {
  expect(names.actorsNamed('EXERCISE nobody')).toHaveLength(1);
  expect(names.actorsNamed('  ')).toEqual([]);
});

test('returns an actor with its sorted synonyms, and null for an unknown key', () => {
  const [key = ''] = names.actorsNamed('EXERCISE BEAR');
  expect(names.actor(key)).toEqual({ name: 'EXERCISE BEAR', synonyms: ['Alpha', 'Winter'] });
  expect(names.actor('ThreatActor:none')).toBeNull();
});

test('returns an unknown vulnerability id unchanged, without aliases', () => {
  expect(names.vulnerability('CVE-2099-0001')).toBe('CVE-2099-0001');
  expect(names.vulnerabilityAliases('CVE-2099-0001')).toEqual([]);
});

test('works without any table', () => {
  expect(toNames([]).actorsNamed('EXERCISE BEAR')).toHaveLength(1);
});

test('uses the names of an exercise in its picture only, together with those of the real world', () => {
  const real = aliasesOfGalaxy({
    type: 'threat-actor',
    uuid: '44444444-4444-4444-8444-444444444444',
    version: 1,
    values: [{ uuid: '55555555-5555-4555-8555-555555555555', value: 'REAL BEAR' }],
  });
  const of = namesByPicture([...real.rows, ...rowsOf(rows, 'exercise:one')]);
  const known = (picture: string) =>
    ['EXERCISE BEAR', 'REAL BEAR'].map(
      (name) => of(picture).actorsNamed(name)[0]?.includes(':name:') === false,
    );
  expect(known('exercise:one')).toEqual([true, true]);
  expect(known('exercise:two')).toEqual([false, true]);
  expect(known('real')).toEqual([false, true]);
});
