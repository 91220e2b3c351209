import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Watched, watchFile } from '../../../schema/runtime/watched-file.ts';
import { until } from '../../helpers/until.ts';

let folder: string;
let file: string;
let watched: Watched<unknown> | null;
const changes: unknown[] = [];
const faults: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jcu-watched-'));
  file = join(folder, 'keys.json');
  changes.length = 0;
  faults.length = 0;
});

afterEach(() => {
  watched?.stop();
  watched = null;
  rmSync(folder, { recursive: true, force: true });
});

async function watch(): Promise<void> {
  watched = await watchFile(
    file,
    (text) => JSON.parse(text) as unknown,
    { change: (value) => changes.push(value), fault: (error) => faults.push(String(error)) },
    5,
  );
}

/** Replaces the file in one step. A file that is read during a write would be malformed. */
function write(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

test('reads the new value when a symbolic link is replaced', async () => {
  writeFileSync(join(folder, 'one'), '1');
  writeFileSync(join(folder, 'two'), '2');
  symlinkSync(join(folder, 'one'), file);
  await watch();
  expect(watched?.current()).toBe(1);
  symlinkSync(join(folder, 'two'), `${file}.new`);
  renameSync(`${file}.new`, file);
  await until('value 2', () => watched?.current() === 2);
  expect([changes, faults]).toEqual([[2], []]);
});

test('keeps the old value while the file is malformed or missing, and reports each fault once', async () => {
  writeFileSync(file, '1');
  await watch();
  write('{"half');
  await until('a fault', () => faults.length === 1);
  rmSync(file);
  await until('a second fault', () => faults.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([watched?.current(), faults.length, changes]).toEqual([1, 2, []]);
  write('3');
  await until('value 3', () => watched?.current() === 3);
  expect(faults).toHaveLength(2);
});

test('rejects a file that cannot be read or parsed at the start', async () => {
  await expect(watch()).rejects.toThrow(/ENOENT/);
  writeFileSync(file, 'no json');
  await expect(watch()).rejects.toThrow(/JSON/);
});
