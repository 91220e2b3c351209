import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { showProgress } from '../../../schema/runtime/progress.ts';

/** A stream that says whether it is a terminal, and what was written to it. */
function streamOf(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  return { stream: stream as unknown as NodeJS.WriteStream, said: () => String(stream.read() ?? '') };
}

/** An import of 1000 bytes, at one byte and two records a millisecond, told of each record. */
function go(isTTY: boolean): string {
  const { stream, said } = streamOf(isTTY);
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
  return said();
}

test('a terminal sees a bar with rate and remaining time', () => {
  expect(go(true)).toMatch(/feed .*50% 10000 records, 200 records\/s, 50 s left/);
});

test('elsewhere a plain line says the same every few seconds', () => {
  const lines = go(false).trimEnd().split('\n');
  expect(lines).toHaveLength(16);
  expect(lines.at(-1)).toBe('feed: 50%, 9600 records, 200 records/s, 48 s left');
});
