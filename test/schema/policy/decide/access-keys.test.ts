import { expect, test } from '@jest/globals';
import {
  isForAnyone,
  keyPrefix,
  keysOfVersion,
  keySuffix,
  readKey,
  writeKey,
} from '../../../../schema/policy/decide/access-keys.ts';

test('reads the parts that were written into a key', () => {
  const suffix = keySuffix(['operator'], ['machine', 'auditor'], new Set(['search', 'read']));
  const key = writeKey(keyPrefix(7, 'exercise:x'), 'org:cert-eu+for:incident-response', suffix);
  expect(key).toBe('7|exercise:x|org:cert-eu+for:incident-response&operator&!machine&!auditor;rs');
  expect(readKey(key)).toEqual({
    version: 7,
    picture: 'exercise:x',
    value: 'org:cert-eu',
    purpose: 'incident-response',
    classes: ['operator'],
    without: ['machine', 'auditor'],
    actions: ['read', 'search'],
  });
});

test('reads a key without purpose and conditions', () => {
  expect(readKey('12|real|named:a|b;r')).toEqual({
    version: 12,
    picture: 'real',
    value: 'named:a|b',
    purpose: null,
    classes: [],
    without: [],
    actions: ['read'],
  });
  expect(readKey('1|real|named:a\nb;r')).toMatchObject({ value: 'named:a\nb' });
});

test.each([
  '',
  'nonsense',
  '7|real|anyone',
  '7|real|;r',
  '7||anyone;r',
  'x7|real|anyone;r',
  '7|real|anyone;r1',
])('reads no key from "%s"', (text) => {
  expect(readKey(text)).toBeNull();
  expect(isForAnyone(text)).toBe(false);
});

test('matches only the keys of one version', () => {
  const keys = ['1|real|anyone;r', '11|real|anyone;r', '2|real|named:1|x;r'];
  expect(keys.filter((key) => keysOfVersion(1).test(key))).toEqual(['1|real|anyone;r']);
});

test('admits anyone only by a key without conditions', () => {
  expect(isForAnyone('1|real|anyone;r')).toBe(true);
  for (const other of ['1|real|anyone&person;r', '1|real|anyone&!machine;r', '1|real|named:anyone;r'])
    expect(isForAnyone(other)).toBe(false);
});
