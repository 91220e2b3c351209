import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { type Part, startPart } from '../../../docker/trial/process.ts';
import type { Place } from '../place.ts';

/** The gateways of a run, and the process of their subgraphs. `shared` is ours, sharing identical queries in progress. */
export type Gateways = {
  readonly ours: Part;
  readonly shared: Part;
  readonly bare: Part;
  readonly subgraphs: Part;
};

/** The cores: one for the gateway, the other for the subgraphs and the client. */
const cores = { gateway: '0', others: '1' } as const;

/** Pins all threads of a process to a core. Returns false on a system without taskset, or with one core. */
export function pin(pid: number, core: keyof typeof cores): boolean {
  return spawnSync('taskset', ['-acp', cores[core], String(pid)]).status === 0;
}

/** Starts the subgraphs and both gateways over them, each in its process and on its core. */
export async function startGateways(place: Place, which: 'shop' | 'everywhere'): Promise<Gateways> {
  const file = join(place.folder, `${which}.graphql`);
  const start = async (name: string, args: readonly string[], core: keyof typeof cores, env = {}) => {
    const part = await startPart(`${which}-${name}`, args, env, place.folder);
    place.defer(async () => await part.kill());
    pin(part.pid, core);
    return part;
  };
  const here = 'test/bench/engine';
  const subgraphs = await start('subgraphs', [`${here}/serve-subgraphs.ts`, which, file], 'others');
  const open = ['gateway/main.ts', '--open', '--supergraph', file, '--port', '0'];
  return {
    subgraphs,
    ours: await start('ours', open, 'gateway'),
    shared: await start('shared', [...open, '--share'], 'gateway'),
    // The open server refuses to start with NODE_ENV=production. Apollo's documentation recommends it for its server.
    bare: await start('bare', [`${here}/bare.ts`, file], 'gateway', { NODE_ENV: 'production' }),
  };
}

/** Sends one operation. Returns its data, the bytes of the response's body, and the duration. Throws on any error. */
export async function ask(
  url: string,
  query: string,
): Promise<{ readonly data: unknown; readonly bytes: number; readonly ms: number }> {
  const began = performance.now();
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query }),
    bodyTimeout: 0,
    headersTimeout: 0,
  });
  const text = await body.text();
  const ms = performance.now() - began;
  const { data, errors } = JSON.parse(text) as { readonly data?: unknown; readonly errors?: unknown };
  if (statusCode !== 200 || errors !== undefined)
    throw new Error(`expected data from ${url}, got ${statusCode} ${text.slice(0, 500)}`);
  return { data, bytes: Buffer.byteLength(text), ms };
}

/** Returns the resident memory of a process in MiB: now, and its peak (proc(5), VmRSS and VmHWM). */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** Sets the peak of a process to its present memory. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
