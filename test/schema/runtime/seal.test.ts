import { expect, test } from '@jest/globals';
import { nonceFor, openSealed, seal } from '../../../schema/runtime/seal.ts';

const key = Buffer.alloc(32, 7);

test('opens a text in its scope and under its key only', () => {
  const sealed = seal('a place', 'scope', key);
  expect(openSealed(sealed, 'scope', key)).toBe('a place');
  expect(() => openSealed(sealed, 'another', key)).toThrow();
  expect(() => openSealed(sealed, 'scope', Buffer.alloc(32, 8))).toThrow();
  for (const forged of ['', 'AAAA', `${sealed}AAAA`])
    expect(() => openSealed(forged, 'scope', key)).toThrow();
});

test('gives another result each time, unless the nonce is derived', () => {
  expect(seal('a place', 'scope', key)).not.toBe(seal('a place', 'scope', key));
  const derived = () => seal('a place', 'scope', key, nonceFor('a place\nscope', key));
  expect(derived()).toBe(derived());
});

test('keeps the format of the texts that clients have', () => {
  const sealed = 's1LVQl6pxRl62eQ4Fv55DM45gXFVvLSlGpKVVEFl3_9T6eM';
  expect(seal('a place', 'scope', key, nonceFor('a place\nscope', key))).toBe(sealed);
  expect(openSealed(sealed, 'scope', key)).toBe('a place');
});
