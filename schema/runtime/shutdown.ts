const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Returns a signal that is aborted when this process receives SIGINT (Ctrl-C) or SIGTERM. From then on these signals no
 * longer end the process: the caller stops what it started, in order.
 */
export function listenForShutdown(): AbortSignal {
  const shutdown = new AbortController();
  for (const name of signals) process.on(name, () => shutdown.abort());
  return shutdown.signal;
}

/** Resolves when the signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/**
 * Stops this process at the first SIGTERM, SIGINT or end of the parent's IPC channel: runs `stop`, then exits with 0, or
 * with 1 if `stop` fails. The same signal a second time ends the process at once.
 */
export function stopAtShutdown(stop: () => Promise<void>): void {
  let stopping = false;
  const once = () => {
    if (stopping) return;
    stopping = true;
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const name of [...signals, 'disconnect'] as const) process.once(name, once);
}
