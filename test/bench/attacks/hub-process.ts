import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readComposeRaw } from '../../docker/composed.ts';
import { cpuTimes } from '../ask/cpu.ts';

const shape = z.object({ services: z.object({ hub: z.object({ mem_limit: z.string() }).loose() }).loose() });
const units: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Reads the memory limit of the hub's service in docker/compose.yaml, in bytes. */
export function readMemoryLimit(): number {
  const { mem_limit: text } = shape.parse(readComposeRaw()).services.hub;
  const [, number, unit = ''] = /^(\d+)([kmg])b?$/.exec(text) ?? [];
  if (number === undefined)
    throw new Error(`docker/compose.yaml, hub: expected mem_limit as 512m, got ${text}`);
  return Number(number) * (units[unit] ?? Number.NaN);
}

/**
 * Returns the flags that Node derives from the container's limit at its start: V8 takes half of the memory for its old
 * generation. On this machine, it would take half of the machine's memory.
 */
export function heapOptions(limit: number): string {
  return `--max-old-space-size=${Math.floor(limit / 2 / 2 ** 20)}`;
}

/**
 * The memory limit of a process as a control group (cgroup v2), where this user may make one. The memory that the process
 * has when it is added counts outside, so the peak has to be compared with the limit in any case.
 */
export class MemoryLimit {
  readonly bytes: number;
  readonly #folder = `/sys/fs/cgroup/jcu-bench-attacks-${process.pid}`;
  readonly isEnforced: boolean;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.isEnforced = this.#make();
  }

  /** Adds a process. */
  add(pid: number): void {
    if (this.isEnforced) writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Removes the group. Its processes must have ended. */
  remove(): void {
    if (this.isEnforced) rmdirSync(this.#folder);
  }

  #make(): boolean {
    try {
      // On cgroup v1, and without a controller for memory, a folder could be made but would limit nothing.
      const controllers = readFileSync('/sys/fs/cgroup/cgroup.subtree_control', 'utf8');
      if (!controllers.split(/\s+/).includes('memory')) return false;
      mkdirSync(this.#folder);
    } catch {
      return false;
    }
    try {
      writeFileSync(join(this.#folder, 'memory.max'), String(this.bytes));
      writeFileSync(join(this.#folder, 'memory.swap.max'), '0');
      return true;
    } catch {
      rmdirSync(this.#folder);
      return false;
    }
  }
}

/** Returns whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resets the peak of a process's resident memory (proc(5), clear_refs). Returns whether the system permits it. */
export function resetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** Returns the peak of a process's resident memory in bytes (proc(5), VmHWM); NaN if it has ended or without /proc. */
export function peakOf(pid: number): number {
  return statusOf(pid, /^VmHWM:\s+(\d+) kB$/m);
}

/** Returns the resident memory of a process in bytes (proc(5), VmRSS); NaN if it has ended or without /proc. */
export function memoryNow(pid: number): number {
  return statusOf(pid, /^VmRSS:\s+(\d+) kB$/m);
}

function statusOf(pid: number, line: RegExp): number {
  try {
    const [, kib] = line.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** Returns the CPU seconds of a process since its start; NaN if it has ended or without /proc. */
export function cpuSeconds(pid: number): number {
  return (cpuTimes({ hub: pid })['hub'] ?? Number.NaN) / 1000;
}
