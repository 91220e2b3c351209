import { expect, test } from '@jest/globals';
import { boundedValue } from '../../../schema/runtime/bounded-value.ts';
import { createLog } from '../../../schema/runtime/log.ts';

function lineOf(write: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  write(createLog('test', 'info', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

test('bounds a line whatever a subgraph put into it', () => {
  const issues = Array.from({ length: 50_000 }, (_, at) => ({
    path: ['disclosed', at],
    text: 'x'.repeat(500),
  }));
  const began = process.cpuUsage();
  const line = lineOf((log) =>
    log.warn(
      { error: new Error(JSON.stringify(issues), { cause: issues }), issues, part: 'a' },
      'm'.repeat(1e6),
    ),
  );
  expect(line.length).toBeLessThan(40_000);
  expect(JSON.parse(line)).toMatchObject({ part: 'a', level: 40 });
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
});

test('bounds values that are deep, wide or refer to themselves', () => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  const wide = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, at) => [`${'k'.repeat(3000)}${at}`, at]),
  );
  for (const value of [
    loop,
    wide,
    Array.from({ length: 100_000 }, () => []),
    'x'.repeat(1e7),
    Buffer.alloc(1e7),
  ])
    expect(JSON.stringify(boundedValue(value)).length).toBeLessThan(20_000);
});

test('logs an error with its message, code, stack and cause', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const line = lineOf((log) => log.error({ error: new Error('no answer', { cause }) }, 'failed'));
  const { error, msg } = JSON.parse(line) as { error: Record<string, unknown>; msg: string };
  expect([msg, error['message'], error['cause']]).toMatchObject([
    'failed',
    'no answer',
    { message: 'refused', code: 'ECONNREFUSED' },
  ]);
  expect(error['stack']).toContain('log.test.ts');
});

test('leaves short values as they are', () => {
  const value = { a: [1, null, true, 'b'], at: new Date(0), none: undefined };
  expect(boundedValue(value)).toEqual(value);
});
