import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fetchToken } from '../../../../docker/trial/issuer/token.ts';
import { hubUrl, makeHome, start } from './started.ts';

const main = fileURLToPath(new URL('../../../../docker/trial/issuer/main.ts', import.meta.url));

type Run = {
  readonly out: () => string;
  readonly err: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | null>;
};

function run(args: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NODE_ENV: 'test', ...environment },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (text.out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text.err += part.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { out: () => text.out, err: () => text.err, kill: (signal) => void child.kill(signal), ended };
}

test('runs as a separate process, prints one line, and stops gracefully', async () => {
  await using place = await makeHome();
  const issuer = run(['--port', '0', '--home', place.home]);
  try {
    while (!issuer.out().includes('\n')) await new Promise((settle) => setTimeout(settle, 20));
    const url = /^issuer at (http:\/\/127\.0\.0\.1:\d+) for http:\/\/127\.0\.0\.1:4000\/graphql,/.exec(
      issuer.out(),
    )?.[1];
    const { accessToken } = await fetchToken({
      issuer: url ?? '',
      home: place.home,
      as: 'enisa-analyst',
      strong: true,
    });
    expect(accessToken.split('.')).toHaveLength(3);
  } finally {
    issuer.kill('SIGTERM');
  }
  expect(await issuer.ended).toBe(0);
  expect(issuer.out().trimEnd().split('\n')).toHaveLength(1);
  expect(issuer.err()).toBe('');
});

test('says why it does not start: a port in use, production, an invalid argument', async () => {
  await using other = await start();
  const port = new URL(other.url).port;
  const home = ['--home', other.home];
  const tries = [
    [run(['--port', port, ...home]), `issuer: port ${port} on 127.0.0.1 is in use`],
    [run(['--port', '0', ...home], { NODE_ENV: 'production' }), 'never runs with NODE_ENV=production'],
    [run(['--port', '99999', ...home]), 'Expected 0 to 65535'],
    [run(['--port', '0', ...home, '--hub', hubUrl.slice(4)]), 'Expected an http or https URL'],
  ] as const;
  for (const [refused, reason] of tries) {
    expect(await refused.ended).toBe(1);
    expect(refused.err()).toContain(reason);
    expect(refused.out()).toBe('');
  }
});
