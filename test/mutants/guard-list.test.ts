import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guards } from './guard-list.ts';

const root = join(import.meta.dirname, '..', '..');
const testFiles = readdirSync(join(root, 'test'), { recursive: true }).map((file) => `test/${String(file)}`);

test('finds the text of every guard in its file, and its tests', () => {
  for (const { name, file, from, to, tests } of guards) {
    const text = readFileSync(join(root, file), 'utf8');
    expect([name, text.replace(from, to) !== text]).toEqual([name, true]);
    expect([name, testFiles.some((one) => new RegExp(tests).test(one))]).toEqual([name, true]);
  }
});

test('has a different name for each guard', () => {
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
});
