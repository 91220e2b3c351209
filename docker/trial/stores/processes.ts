import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Returns the start time of a running process, which distinguishes it from a later one with the same id. Returns
 * undefined if none runs; a zombie does not run.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return await askPs(pid, 'lstart=');
  try {
    // proc(5): the name is in parentheses and may contain anything; the state is field 3, the start time field 22.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Returns the CPU time that a process has used, as a text that changes with it; empty if none runs. */
export async function cpuTimeOf(pid: number | undefined): Promise<string> {
  if (pid === undefined) return '';
  if (process.platform !== 'linux') return (await askPs(pid, 'time=')) ?? '';
  try {
    // proc(5): user time and system time are fields 14 and 15.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
    return fields.slice(11, 13).join('+');
  } catch {
    return '';
  }
}

/** Returns the command line of a process; empty if none runs. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return (await askPs(pid, 'command=')) ?? '';
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Waits until a process has ended. Returns false if it still runs after `ms` milliseconds. */
export async function waitUntilEnded(pid: number, ms: number): Promise<boolean> {
  const start = await startOf(pid);
  const until = Date.now() + ms;
  if (start === undefined) return true;
  for (; (await startOf(pid)) === start; await pause(25)) {
    if (Date.now() > until) return false;
  }
  return true;
}

async function askPs(pid: number, what: string): Promise<string | undefined> {
  try {
    return (await run('ps', ['-ww', '-o', what, '-p', String(pid)])).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
