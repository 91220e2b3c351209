import { expect, test } from '@jest/globals';
import { memorySessions } from '../../../../docker/trial/issuer/sessions.ts';

test('returns no expired entry, and separates entries by model', async () => {
  let now = 0;
  const open = memorySessions(() => now);
  const [codes, sessions] = [open('AuthorizationCode'), open('Session')];
  await codes.upsert('same', { grantId: 'g' }, 60);
  await sessions.upsert('same', { uid: 'u' }, 120);
  expect([await codes.find('same'), await sessions.findByUid('u'), await codes.findByUid('u')]).toEqual([
    { grantId: 'g' },
    { uid: 'u' },
    undefined,
  ]);
  now = 60_000;
  expect([await codes.find('same'), await sessions.find('same')]).toEqual([undefined, { uid: 'u' }]);
});

test('revoking a grant removes its codes, and a consumed entry says so', async () => {
  const codes = memorySessions(() => 5000)('AuthorizationCode');
  await codes.upsert('one', { grantId: 'g' }, 60);
  await codes.upsert('two', { grantId: 'h' }, 60);
  await codes.consume('two');
  await codes.revokeByGrantId('g');
  expect([await codes.find('one'), await codes.find('two')]).toEqual([
    undefined,
    { grantId: 'h', consumed: 5 },
  ]);
});

test('removes the oldest entry at the limit', async () => {
  const codes = memorySessions(() => 0)('AuthorizationCode');
  for (let one = 0; one <= 10_000; one += 1) await codes.upsert(String(one), {}, 60);
  expect([await codes.find('0'), await codes.find('10000')]).toEqual([undefined, {}]);
});
