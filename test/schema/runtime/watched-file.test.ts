import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Watched, watchFile } from '../../../schema/runtime/watched-file.ts';

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

/** In one step: a file that is read while it is written is one more that is malformed for a moment. */
function write(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come to hold in 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a file’s value follows the file, also where a link to it is swapped', async () => {
  writeFileSync(join(folder, 'one'), '1');
  writeFileSync(join(folder, 'two'), '2');
  symlinkSync(join(folder, 'one'), file);
  await watch();
  expect(watched?.current()).toBe(1);
  symlinkSync(join(folder, 'two'), `${file}.new`);
  renameSync(`${file}.new`, file);
  await until(() => watched?.current() === 2);
  expect([changes, faults]).toEqual([[2], []]);
});

test('a file that becomes malformed or is away changes nothing, is told once, and heals', async () => {
  writeFileSync(file, '1');
  await watch();
  write('{"half');
  await until(() => faults.length === 1);
  rmSync(file);
  await until(() => faults.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([watched?.current(), faults.length, changes]).toEqual([1, 2, []]);
  write('3');
  await until(() => watched?.current() === 3);
  expect(faults).toHaveLength(2);
});

test('a file that cannot be read at first is not started with', async () => {
  await expect(watch()).rejects.toThrow(/ENOENT/);
  writeFileSync(file, 'no json');
  await expect(watch()).rejects.toThrow(/JSON/);
});
