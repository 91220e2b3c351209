import { createHash } from 'node:crypto';

/** A seeded random generator: the same seed generates the same records. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number from 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  of<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('nothing to choose from');
    return value;
  }

  /** Returns `least` to `most` distinct values. */
  some<Value>(values: readonly Value[], least: number, most: number): readonly Value[] {
    const chosen = new Set<Value>();
    const wanted = least + this.below(most - least + 1);
    while (chosen.size < wanted) chosen.add(this.of(values));
    return [...chosen];
  }

  /** Returns a number of random words. */
  words(count: number): string {
    return Array.from({ length: count }, () => this.of(vocabulary)).join(' ');
  }
}

/** Returns a UUID that depends only on the name. It looks random, so that ids are spread over an index. */
export function uuidOf(name: string): string {
  const hex = createHash('md5').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const vocabulary = (
  'generated exercise record service request remote server client update version memory buffer input output field ' +
  'parser driver kernel module account session token cookie header address network switch router gateway plugin ' +
  'library archive folder file script macro loader beacon implant tunnel relay proxy domain certificate signature ' +
  'attacker operator victim sector energy health transport finance water space report analysis measure mitigation'
).split(' ');
