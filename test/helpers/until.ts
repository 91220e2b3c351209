import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds. Throws with its description if it does not hold within `withinMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  { withinMs = 30_000, everyMs = 20 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`expected within ${withinMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
}
