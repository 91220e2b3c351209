/**
 * Returns a signal that is aborted when this process receives SIGINT (Ctrl-C) or SIGTERM. From then on these signals no
 * longer end the process: the caller stops what it started, in order.
 */
export function listenForShutdown(): AbortSignal {
  const shutdown = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => shutdown.abort());
  return shutdown.signal;
}

/** Resolves when the signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
