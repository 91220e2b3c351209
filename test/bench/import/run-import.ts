import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyEnv } from '../../../docker/trial/policy-office.ts';
import type { RealFiles } from './real-files.ts';

/** What one import took. Times in milliseconds, memory in bytes. */
export type Imported = {
  /** From the start of the process to its end. */
  readonly wholeMs: number;
  /** By the import's own words: without the start of the process and the making of indexes. */
  readonly ms: number;
  /** Time on a core; null where the system does not say. */
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  readonly read: number;
  readonly rejected: number;
};

const pollMs = 50;
const maxMs = 4 * 60 * 60_000;
const root = join(import.meta.dirname, '..', '..', '..');

/** Runs a community's import as `hub import` does: a process of its own, with its own store's URI. */
export async function runImport(
  files: RealFiles,
  path: string,
  uri: string,
  rejects: string,
  started: (child: ChildProcess) => void,
): Promise<Imported> {
  const script = `subgraphs/${files.into}/import.ts`;
  const args = ['--no-warnings', script, path, '--source', files.source, '--rejects', rejects];
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...(await policyEnv(join(rejects, '..', 'home'))), JCU_STORE_URI: uri },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: maxMs,
  });
  started(child);
  const said = hear(child);
  const usage = watchUsage(child.pid ?? 0);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const wholeMs = performance.now() - began;
  const summary = /: (\d+) read; .*?; (\d+) rejected, .*?; [\d.]+ s \((\d+) records\/s\)/.exec(said());
  // 2 says that some records were rejected, which the real files have.
  if ((code !== 0 && code !== 2) || summary === null) {
    throw new Error(`the import of ${path} ended with ${code}: ${said()}`);
  }
  const [read, rejected, rate] = summary.slice(1).map(Number) as [number, number, number];
  return { wholeMs, ms: (read / rate) * 1000, ...usage.stop(), read, rejected };
}

function hear(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
  }
  return () => said;
}

/** Looks at what the process has used (proc(5), VmHWM) until it has ended: what was seen last is kept. */
function watchUsage(pid: number): { stop(): Pick<Imported, 'peakBytes' | 'cpuMs'> } {
  let peakBytes: number | null = null;
  let cpuMs: number | null = null;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
      if (kilobytes !== undefined) peakBytes = Number(kilobytes) * 1024;
      const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ');
      cpuMs = (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      // It has ended, or the system has no /proc.
    }
  }, pollMs);
  return {
    stop: () => {
      clearInterval(timer);
      return { peakBytes, cpuMs };
    },
  };
}
