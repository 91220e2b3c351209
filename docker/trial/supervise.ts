import type { Death } from './process.ts';

/** Restarts the parts of a trial that die. */
export type Supervisor = {
  /** Gets each part that ended without being stopped. */
  readonly died: (name: string, death: Death) => void;
  /** Gives the function that starts a part again, once the trial runs. Parts that died before are started then. */
  attach(restart: (name: string) => Promise<void>): void;
  /** Restarts nothing more. Call it before the trial stops. */
  stop(): void;
};

const standard = { firstPauseMs: 1000, longestPauseMs: 30_000, deaths: 5, steadyMs: 60_000 };

/** The recent deaths of one part. */
type History = { deaths: number; startedAt: number };

/**
 * Creates a supervisor: a part that dies is announced and started again after 1 s, doubling up to 30 s. A part that dies five
 * times without running for a minute stays out, and is reported with its last error.
 */
export function supervise(
  announce: (line: string) => void,
  limits: Partial<typeof standard> = {},
  clock: () => number = Date.now,
): Supervisor {
  const { firstPauseMs, longestPauseMs, deaths: maxDeaths, steadyMs } = { ...standard, ...limits };
  const histories = new Map<string, History>();
  const timers = new Set<NodeJS.Timeout>();
  const waiting: (() => void)[] = [];
  let restart: ((name: string) => Promise<void>) | null = null;
  let isStopped = false;

  const startAgain = async (name: string, history: History): Promise<void> => {
    if (isStopped || restart === null) return;
    try {
      await restart(name);
      history.startedAt = clock();
      announce(`${name}: runs again`);
    } catch (error) {
      // It failed while it started: nothing ran, so this is one more death.
      died(name, { reason: 'it did not start', lastOutput: (error as Error).message });
    }
  };
  const died = (name: string, { reason, lastOutput }: Death): void => {
    if (isStopped) return;
    const known = histories.get(name);
    const isSteady = known === undefined || clock() - known.startedAt >= steadyMs;
    const history = isSteady ? { deaths: 0, startedAt: clock() } : known;
    history.deaths += 1;
    histories.set(name, history);
    const last = lastLineOf(lastOutput);
    if (history.deaths >= maxDeaths) {
      announce(
        `${name} died ${history.deaths} times (${reason}) and stays out; the other parts go on. Its last error: ${last}. ` +
          'Correct the cause, then stop and start the trial',
      );
      return;
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (history.deaths - 1));
    announce(
      `${name} died (${reason}): it is started again in ${pauseMs / 1000} s. Its last output: ${last}`,
    );
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (restart === null) waiting.push(() => void startAgain(name, history));
      else void startAgain(name, history);
    }, pauseMs);
    timers.add(timer);
  };
  return {
    died,
    attach: (given) => {
      restart = given;
      for (const start of waiting.splice(0)) start();
    },
    stop: () => {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function lastLineOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? 'none').slice(0, 500);
}
