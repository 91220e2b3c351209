import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../../../docker/trial/trial.ts';

/** The processes that answer a request, by name. */
export type Processes = Readonly<Record<string, number>>;

/** CPU milliseconds by process. */
export type CpuTime = Readonly<Record<string, number>>;

/** Returns every process of the trial, its database server, and this process, which is the client. */
export function processesOf(trial: Trial, stores: string): Processes {
  const mongod = Number(readFileSync(join(stores, 'all', 'db', 'mongod.lock'), 'utf8'));
  const parts = [...trial.parts].map(([name, { pid }]) => [name, pid]);
  return { ...(Object.fromEntries(parts) as Processes), mongod, client: process.pid };
}

/** Returns the CPU time of each process (proc(5), utime and stime). It is empty on a system without /proc. */
export function cpuTimes(processes: Processes): CpuTime {
  const times = Object.entries(processes).flatMap(([name, pid]): [string, number][] => {
    try {
      const after = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
      const fields = after.split(' ');
      return [[name, (Number(fields[11]) + Number(fields[12])) * tickMs]];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(times);
}

/** Returns the CPU time of each process for one answer. */
export function cpuPerAnswer(before: CpuTime, after: CpuTime, answers: number): CpuTime {
  const names = Object.keys(after).filter((name) => name !== 'issuer');
  return Object.fromEntries(
    names.map((name) => [name, ((after[name] ?? 0) - (before[name] ?? 0)) / Math.max(answers, 1)]),
  );
}

/** Returns the number of cores that were busy with other work, which makes the figures worse. */
export function coresOfOthers(before: Machine, after: Machine, ours: CpuTime, answers: number): number {
  const own = Object.values(ours).reduce((sum, ms) => sum + ms, 0) * answers;
  return Math.max(0, (after.busyMs - before.busyMs - own) / (after.at - before.at));
}

export type Machine = { readonly at: number; readonly busyMs: number };

/** Returns how long the cores have been busy (proc(5), /proc/stat: all but idle and iowait). */
export function machineTime(): Machine {
  const at = performance.now();
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
    return { at, busyMs: (user + nice + system + irq + softirq) * tickMs };
  } catch {
    return { at, busyMs: 0 };
  }
}

/** Linux counts in hundredths of a second. */
const tickMs = 10;
