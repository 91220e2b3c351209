const everyMs = 60_000;

/** Says the same words once a minute at most: what is met at every request is told, and does not flood. */
export function throttle(
  say: (words: string) => void,
  now = () => performance.now(),
): (words: string) => void {
  const said = new Map<string, number>();
  return (words) => {
    const before = said.get(words);
    if (before !== undefined && now() - before < everyMs) return;
    said.set(words, now());
    say(words);
  };
}
