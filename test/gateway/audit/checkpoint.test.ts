import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpoint, readCheckpoint } from '../../../gateway/audit/checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-checkpoint-'));
const file = join(folder, 'head.json');
const place = { file, deployment: 'exercise-hub' };
const head = (seq: number) => ({ seq, hash: seq.toString(16).padStart(64, '0') });
const faults: unknown[] = [];

beforeEach(() => {
  rmSync(file, { force: true });
  faults.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A checkpoint of a log whose entries have the hashes of `head`, up to a position. */
function open(length: number): Checkpoint {
  const hashAt = (seq: number) => Promise.resolve(seq <= length ? head(seq).hash : null);
  return new Checkpoint(place, hashAt, (fault) => faults.push(String(fault)));
}

test('writes the last head when it stops, and after 1000 entries', async () => {
  const one = open(5000);
  one.moved(head(3));
  await one.stop();
  expect(readCheckpoint(file, 'exercise-hub')).toEqual(head(3));
  const other = open(5000);
  other.moved(head(1500));
  await other.write();
  other.moved(head(1501));
  expect(readCheckpoint(file, 'exercise-hub')).toEqual(head(1500));
  await other.stop();
  expect(readCheckpoint(file, 'exercise-hub')).toEqual(head(1501));
  expect(faults).toEqual([]);
});

test('keeps the head of an earlier run if the log does not contain it', async () => {
  const one = open(10);
  one.moved(head(10));
  await one.stop();
  const before = readFileSync(file, 'utf8');
  const cut = open(7);
  cut.moved(head(8));
  await cut.stop();
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(faults).toEqual([expect.stringContaining('its end was removed or rewritten')]);
});

test('reads no checkpoint of another deployment or form', () => {
  for (const content of [
    '',
    '{}',
    '{"seq":1}',
    JSON.stringify({ ...head(1), at: 'x', deployment: 'other' }),
  ]) {
    writeFileSync(file, content);
    expect(() => readCheckpoint(file, 'exercise-hub')).toThrow(file);
  }
});
