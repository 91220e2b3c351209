import type { Chance } from '../ask/chance.ts';

const vocabularySize = 60_000;
const onsets = [
  'b',
  'br',
  'c',
  'd',
  'f',
  'g',
  'h',
  'k',
  'l',
  'm',
  'n',
  'p',
  'r',
  's',
  'st',
  't',
  'tr',
  'v',
  'w',
  'z',
];
const nuclei = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea'];

/** The word of a rank: two or three syllables, the same for each run. Rank 0 is the most frequent. */
export function wordOf(rank: number): string {
  let left = rank + 7;
  let word = '';
  for (let syllable = 0; syllable < 2 || left > 0; syllable += 1) {
    word += `${onsets[left % onsets.length]}${nuclei[Math.floor(left / onsets.length) % nuclei.length]}`;
    left = Math.floor(left / (onsets.length * nuclei.length));
  }
  return `${word}n`;
}

/**
 * Texts whose words follow Zipf's law (exponent 1 over 60,000 words), as natural texts do: the first word is in nearly each
 * text of 60 words, and half of the vocabulary in a few records only.
 */
export class Texts {
  readonly #upTo: Float64Array;

  constructor() {
    this.#upTo = new Float64Array(vocabularySize);
    let sum = 0;
    for (let rank = 0; rank < vocabularySize; rank += 1) {
      sum += 1 / (rank + 2.7);
      this.#upTo[rank] = sum;
    }
  }

  text(count: number, chance: Chance): string {
    return Array.from({ length: count }, () => wordOf(this.#rank(chance.next()))).join(' ');
  }

  #rank(share: number): number {
    const wanted = share * (this.#upTo.at(-1) ?? 0);
    let [low, high] = [0, vocabularySize - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#upTo[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
