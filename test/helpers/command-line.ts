import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const hub = fileURLToPath(new URL('../../docker/cli/hub.ts', import.meta.url));

/** The output and exit code of a command. */
export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs the command line on a trial's folder and waits for its end. */
export async function runHub(home: string, ...args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, JCU_HOME: home, NODE_ENV: 'test' };
  const child = spawn(process.execPath, ['--no-warnings', hub, ...args], { env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}
