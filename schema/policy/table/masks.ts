/** A set of terms as a bit set, in integers of 31 bits. */
export type Mask = readonly number[];

const bits = 31;

/** Returns the mask of the terms for which `has` returns true. */
export function maskOf(count: number, has: (at: number) => boolean): Mask {
  const words = Array.from({ length: Math.ceil(count / bits) }, () => 0);
  for (let at = 0; at < count; at += 1)
    if (has(at)) words[Math.floor(at / bits)] = (words[Math.floor(at / bits)] ?? 0) | (1 << (at % bits));
  return words;
}

/** Returns the intersection of two masks. */
export function both(one: Mask, other: Mask): Mask {
  return one.map((word, at) => word & (other[at] ?? 0));
}

/** Tells whether three masks have a term in common. */
export function meet(one: Mask, other: Mask, third: Mask): boolean {
  for (let at = 0; at < one.length; at += 1)
    if (((one[at] ?? 0) & (other[at] ?? 0) & (third[at] ?? 0)) !== 0) return true;
  return false;
}

/** Returns the indices of the terms in a mask. */
export function placesIn(mask: Mask): readonly number[] {
  const places: number[] = [];
  for (const [at, word] of mask.entries())
    for (let left = word; left !== 0; left &= left - 1)
      places.push(at * bits + (bits - Math.clz32(left & -left)));
  return places;
}
