import { setTimeout as pause } from 'node:timers/promises';
import { cpuTimeOf } from './stores/processes.ts';

/** Waits until a condition holds, or rejects. The condition may throw to end the wait. */
export type Wait = (isReady: () => Promise<boolean>) => Promise<void>;

/** A process that starts, and how to see that it makes progress. */
export type Starting = {
  /** Its name in reports and errors, such as `mongod of enisa`. */
  readonly name: string;
  readonly pid: number | undefined;
  /** Changes while the process makes progress, such as the size of its output. CPU time is measured in any case. */
  readonly sign?: () => unknown;
  readonly report: (line: string) => void;
  /** Aborts the wait. */
  readonly signal?: AbortSignal | undefined;
};

/** Thrown when a process neither used CPU time nor wrote output for too long. A new start may succeed. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

const limits = { silenceMs: 120_000, reportMs: 30_000, checkMs: 1000 };

/**
 * Returns a wait without a fixed limit: a busy machine may need minutes for a start. It continues as long as the process
 * makes progress, reports every 30 s that it waits, and throws Stuck after two minutes without progress. The caller
 * checks in the condition whether the process has ended.
 */
export function waitForProgress(process: Starting, within: Partial<typeof limits> = {}): Wait {
  const { silenceMs, reportMs, checkMs } = { ...limits, ...within };
  return async (isReady) => {
    const began = Date.now();
    let [seen, progress, checked, reported] = ['', began, began, began];
    for (; !(await isReady()); await pause(pauseMs)) {
      process.signal?.throwIfAborted();
      const now = Date.now();
      if (now - checked < checkMs) continue;
      checked = now;
      const sign = `${await cpuTimeOf(process.pid)} ${String(process.sign?.())}`;
      if (sign !== seen) progress = now;
      seen = sign;
      if (now - progress > silenceMs)
        throw new Stuck(`${process.name} made no progress within ${Math.round(silenceMs / 1000)} s`);
      if (now - reported > reportMs) {
        reported = now;
        process.report(
          `${process.name}: still starting after ${Math.round((now - began) / 1000)} s; Ctrl-C stops`,
        );
      }
    }
  };
}

const pauseMs = 25;

/** Returns a wait of at most `ms` milliseconds, for a process that cannot be observed. */
export function waitAtMost(ms: number): Wait {
  return async (isReady) => {
    const until = Date.now() + ms;
    while (!(await isReady())) {
      if (Date.now() > until)
        throw new Stuck(`expected the server to be ready within ${ms / 1000} s, it was not`);
      await pause(10);
    }
  };
}

/** How often a step of the start is tried. */
const attempts = 3;

/** A step of the start that may be repeated. */
export type Step<Result> = {
  readonly name: string;
  readonly run: () => Promise<Result>;
  /** Whether a new attempt may succeed after this error. */
  readonly mayRetry: (error: unknown) => boolean;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly waitMs?: number;
};

/** Runs a step up to three times, and reports each failure. Rejects with the last error. */
export async function retry<Result>({ waitMs = 1000, ...step }: Step<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step.run();
    } catch (error) {
      step.signal?.throwIfAborted();
      if (attempt === attempts || !step.mayRetry(error)) throw error;
      const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      step.report(`${step.name}: ${reason}; attempt ${attempt + 1} of ${attempts}`);
      await pause(waitMs, undefined, { ...(step.signal && { signal: step.signal }) });
    }
  }
}
