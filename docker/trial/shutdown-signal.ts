/**
 * A signal that is aborted when this process is told to end, by Ctrl-C or SIGTERM, and that holds off its sudden end
 * from now on: whoever has started servers ends them in order.
 */
export function listenForTheEnd(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => told.abort());
  return told.signal;
}

/** Resolves when the signal is aborted. */
export async function untilTold(told: AbortSignal): Promise<void> {
  if (told.aborted) return;
  await new Promise((resolve) => told.addEventListener('abort', resolve, { once: true }));
}
