import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyEnv } from '../../../docker/trial/policy-office.ts';
import type { RealFiles } from './real-files.ts';

/** The measurements of one import. Times are in milliseconds, memory in bytes. */
export type Imported = {
  /** From the start of the process to its end. */
  readonly wholeMs: number;
  /** As reported by the import: without the start of the process and the creation of indexes. */
  readonly ms: number;
  /** CPU time; null if the system does not report it. */
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  readonly read: number;
  readonly rejected: number;
};

const pollMs = 50;
const maxMs = 4 * 60 * 60_000;
const root = join(import.meta.dirname, '..', '..', '..');

/** Runs a community's import as `hub import` does: a separate process with the URI of its store. */
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
  const output = collectOutput(child);
  const usage = watchUsage(child.pid ?? 0);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const wholeMs = performance.now() - began;
  const summary = /: (\d+) read; .*?; (\d+) rejected, .*?; [\d.]+ s \((\d+) records\/s\)/.exec(output());
  // Exit code 2: some records were rejected, as the real files have invalid records.
  if ((code !== 0 && code !== 2) || summary === null) {
    throw new Error(`the import of ${path} ended with ${code}: ${output()}`);
  }
  const [read, rejected, rate] = summary.slice(1).map(Number) as [number, number, number];
  return { wholeMs, ms: (read / rate) * 1000, ...usage.stop(), read, rejected };
}

function collectOutput(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-4000)));
  }
  return () => output;
}

/** Polls the resources of the process (proc(5), VmHWM) until its end, and keeps the last values. */
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
      // The process has ended, or the system has no /proc.
    }
  }, pollMs);
  return {
    stop: () => {
      clearInterval(timer);
      return { peakBytes, cpuMs };
    },
  };
}
