/** A set of terms as bits, in words of 31. */
export type Mask = readonly number[];

const bits = 31;

/** The mask of those of `count` terms that `has` holds for. */
export function maskOf(count: number, has: (at: number) => boolean): Mask {
  const words = Array.from({ length: Math.ceil(count / bits) }, () => 0);
  for (let at = 0; at < count; at += 1)
    if (has(at)) words[Math.floor(at / bits)] = (words[Math.floor(at / bits)] ?? 0) | (1 << (at % bits));
  return words;
}

/** What is in both masks. */
export function both(one: Mask, other: Mask): Mask {
  return one.map((word, at) => word & (other[at] ?? 0));
}

/** Whether three masks have a term in common. */
export function meet(one: Mask, other: Mask, third: Mask): boolean {
  for (let at = 0; at < one.length; at += 1)
    if (((one[at] ?? 0) & (other[at] ?? 0) & (third[at] ?? 0)) !== 0) return true;
  return false;
}

/** The terms of a mask, by their places. */
export function placesIn(mask: Mask): readonly number[] {
  const places: number[] = [];
  for (const [at, word] of mask.entries())
    for (let left = word; left !== 0; left &= left - 1)
      places.push(at * bits + (bits - Math.clz32(left & -left)));
  return places;
}
