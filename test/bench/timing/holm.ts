/** Holm's correction of p-values for the number of tests. The result is in the order of the input. */
export function holm(values: readonly number[]): readonly number[] {
  const order = values.map((value, at) => ({ value, at })).toSorted((one, other) => one.value - other.value);
  const corrected = values.map(() => 1);
  let most = 0;
  for (const [rank, { value, at }] of order.entries()) {
    most = Math.max(most, Math.min(1, value * (values.length - rank)));
    corrected[at] = most;
  }
  return corrected;
}
