import { expect, test } from '@jest/globals';
import { joinMarkings } from '../../../gateway/shape/holds.ts';
import { disclosure, portion } from '../audit/facts.ts';

test('returns null if nothing was disclosed', () => {
  expect(joinMarkings([])).toBeNull();
});

test('joins each scale separately: strictest colours, sorted unions', () => {
  const joined = joinMarkings([
    disclosure({ tlp: 'GREEN', pap: 'RED', handlingCodes: ['H2', 'H1'], extraRestrictions: ['b'] }),
    disclosure({ tlp: 'AMBER', pap: 'GREEN', handlingCodes: ['H1'], extraRestrictions: ['a', 'b'] }),
  ]);
  expect(joined).toEqual({
    tlp: 'AMBER',
    pap: 'RED',
    handlingCodes: ['H1', 'H2'],
    extraRestrictions: ['a', 'b'],
    composable: true,
  });
});

test('takes the colour of a portion that is stricter than its record', () => {
  expect(joinMarkings([disclosure({ tlp: 'GREEN', portions: [portion()] })])?.tlp).toBe('RED');
});

test('joins every scale of a portion that is shown', () => {
  const shown = portion({
    tlp: 'CLEAR',
    pap: 'RED',
    handlingCodes: ['H1'],
    extraRestrictions: ['no transfer'],
  });
  const open = { tlp: 'CLEAR', pap: 'CLEAR', handlingCodes: [], extraRestrictions: [] } as const;
  expect(joinMarkings([disclosure({ ...open, portions: [shown] })])).toMatchObject({
    tlp: 'CLEAR',
    pap: 'RED',
    handlingCodes: ['H1'],
    extraRestrictions: ['no transfer'],
  });
});

test('treats an unknown colour as the strictest', () => {
  const joined = joinMarkings([disclosure({ tlp: 'NONE' as never }), disclosure({ tlp: 'GREEN' })]);
  expect(joined?.tlp).toBe('RED');
});

test.each([
  ['no record names an audience', [null, null], true],
  ['one record names an audience', [null, ['a']], true],
  ['the audiences share an organisation', [['a', 'b'], ['b', 'c'], null], true],
  ['the audiences share no organisation', [['a'], ['b']], false],
  [
    'each pair shares one, but not all three',
    [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ],
    false,
  ],
  ['one audience is empty', [['a'], []], false],
] as const)('decides whether a product may be composed: %s', (_case, audiences, composable) => {
  expect(joinMarkings(audiences.map((audience) => disclosure({ audience })))?.composable).toBe(composable);
});
