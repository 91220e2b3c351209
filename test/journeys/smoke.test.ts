import { expect, test } from '@jest/globals';
import { ask, standing } from '../helpers/ask.ts';

test('the hub answers', async () => {
  const answer = await ask(standing(), 'cert-eu-analyst', '{ vulnerability(id: "CVE-2025-53770") { name } }');
  expect(answer.body.data).toEqual({ vulnerability: { name: 'CVE-2025-53770' } });
});
