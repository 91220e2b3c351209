import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { showProgress } from '../../../schema/runtime/progress.ts';

/** Returns a stream, and a function that returns the written text. */
function streamOf(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  return { stream: stream as unknown as NodeJS.WriteStream, written: () => String(stream.read() ?? '') };
}

/** Imports 50,000 of 100,000 bytes, and 1,000 records for each 5,000 bytes, at 5 ms a record. */
function importHalf(isTTY: boolean): string {
  const { stream, written } = streamOf(isTTY);
  let ms = 0;
  const progress = showProgress('feed', 100_000, stream, () => ms);
  for (let chunk = 0; chunk < 10; chunk += 1) {
    progress.read(5000);
    for (let record = 1; record <= 1000; record += 1) {
      ms += 5;
      progress.records(chunk * 1000 + record);
    }
  }
  progress.stop();
  return written();
}

test('shows a bar with rate and remaining time on a terminal', () => {
  expect(importHalf(true)).toMatch(/feed .*50% 10000 records, 200 records\/s, 50 s left/);
});

test('writes a line every few seconds if the output is not a terminal', () => {
  const lines = importHalf(false).trimEnd().split('\n');
  expect(lines).toHaveLength(16);
  expect(lines.at(-1)).toBe('feed: 50%, 9600 records, 200 records/s, 48 s left');
});
