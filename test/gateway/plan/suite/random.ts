/** A sequence of random choices that a seed determines. */
export type Random = {
  /** Returns true with this probability. */
  chance(probability: number): boolean;
  /** Returns a whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  /** Returns one of the values. Throws on an empty list. */
  pick<T>(values: readonly T[]): T;
};

/** Creates the sequence of a seed (the generator is mulberry32, of 32 bits). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    chance: (probability) => next() < probability,
    integer,
    pick: <T>(values: readonly T[]): T => {
      if (values.length === 0) throw new Error('expected values to pick from, got an empty list');
      return values[integer(0, values.length - 1)] as T;
    },
  };
}
