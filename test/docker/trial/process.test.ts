import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startPart } from '../../../docker/trial/process.ts';
import { makeFolder } from './stores/place.ts';

/** Starts a part whose program is given, and returns how it started and the lines of the report. */
async function start(folder: string, program: string) {
  const file = join(folder, 'part.mjs');
  writeFileSync(file, program);
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const lines: string[] = [];
  const starting = startPart('enisa', [file], {}, join(folder, 'logs'), {
    report: (line) => lines.push(line),
  });
  const started = await starting.catch((error: unknown) => error as Error);
  return { started, lines };
}

test('starts a part again that crashes, and names it with its log if it does not start', async () => {
  await using place = await makeFolder();
  const count = join(place.folder, 'count');
  const crash = `import { appendFileSync, readFileSync } from 'node:fs';
    appendFileSync(${JSON.stringify(count)}, 'x');`;
  const once = `${crash} if (readFileSync(${JSON.stringify(count)}, 'utf8').length < 2) process.kill(process.pid, 'SIGKILL');
    console.log('listens on http://127.0.0.1:1/graphql'); setTimeout(() => 0, 60_000);`;
  const second = await start(place.folder, once);
  expect(second.lines).toEqual([expect.stringContaining('enisa ended with SIGKILL before it listened')]);
  if (second.started instanceof Error) throw second.started;
  expect(second.started.url).toBe('http://127.0.0.1:1/graphql');
  await second.started.kill();
  const never = await start(place.folder, `${crash} process.kill(process.pid, 'SIGKILL');`);
  expect(never.lines).toHaveLength(2);
  expect(never.started instanceof Error ? never.started.message : '').toContain(
    `see ${join(place.folder, 'logs', 'enisa.log')}, then start again`,
  );
});

test('does not start a part again that says why it cannot start', async () => {
  await using place = await makeFolder();
  const count = join(place.folder, 'count');
  const refuse = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(count)}, 'x');
    console.error('JCU_READER_BUDGET: expected POINTS/SECONDS, got many'); process.exit(1);`;
  const { started, lines } = await start(place.folder, refuse);
  expect(started instanceof Error ? started.message : '').toContain(
    'JCU_READER_BUDGET: expected POINTS/SECONDS, got many',
  );
  expect([lines, readFileSync(count, 'utf8')]).toEqual([[], 'x']);
});
