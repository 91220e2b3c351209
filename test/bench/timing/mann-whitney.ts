/**
 * The two-sided p-value of the Mann-Whitney U test, by the normal approximation with the correction for ties: how likely
 * two samples of one distribution lie as far apart as these. For samples of 20 or more each; NaN for an empty one.
 */
export function mannWhitney(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, first: true })),
    ...other.map((value) => ({ value, first: false })),
  ];
  all.sort((a, b) => a.value - b.value);
  const [n1, n2, n] = [one.length, other.length, all.length];
  let [rankSum, ties] = [0, 0];
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    const count = to - from;
    ties += count ** 3 - count;
    for (const { first } of all.slice(from, to)) if (first) rankSum += rank;
    from = to;
  }
  const u = rankSum - (n1 * (n1 + 1)) / 2;
  const variance = ((n1 * n2) / 12) * (n + 1 - ties / (n * (n - 1)));
  const z = (Math.abs(u - (n1 * n2) / 2) - 0.5) / Math.sqrt(variance);
  return Number.isNaN(z) ? Number.NaN : Math.min(1, 2 * upperTail(Math.max(0, z)));
}

/** The upper tail of the standard normal distribution (Abramowitz and Stegun, 26.2.17): absolute error below 7.5e-8. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
