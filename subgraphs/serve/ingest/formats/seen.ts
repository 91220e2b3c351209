import { hash } from 'node:crypto';

const wordsOfKey = 3;
const wordsOfEntry = 5;

/**
 * The set of records that a run has met, with a hash of their content. It uses 20 bytes per record: 96 bits of a hash
 * of the id and 64 bits of a hash of the content, so accidental collisions are negligible.
 */
export class Seen {
  #entries = new Uint32Array(1024 * wordsOfEntry);
  #taken = new Uint8Array(1024);
  #size = 0;

  /** Returns whether the id is new to this run, was met with the same content, or with other content. */
  meet(place: string, contentHash: string): 'new' | 'same' | 'other' {
    if (this.#size * 2 >= this.#taken.length) this.#grow();
    const entry = toEntry(place, contentHash);
    const slot = this.#find(entry);
    const at = slot * wordsOfEntry;
    if (this.#taken[slot] === 0) {
      this.#put(slot, entry);
      return 'new';
    }
    const same = entry[3] === this.#entries[at + 3] && entry[4] === this.#entries[at + 4];
    return same ? 'same' : 'other';
  }

  /** Returns whether the id was met in this run. */
  has(place: string): boolean {
    return this.#taken[this.#find(toEntry(place, ''))] === 1;
  }

  /** Returns the slot of the entry's key, or the free slot for it. */
  #find(entry: Uint32Array): number {
    const slots = this.#taken.length;
    let slot = (entry[0] ?? 0) % slots;
    while (this.#taken[slot] === 1 && !this.#isAt(slot, entry)) slot = (slot + 1) % slots;
    return slot;
  }

  #isAt(slot: number, entry: Uint32Array): boolean {
    const at = slot * wordsOfEntry;
    for (let word = 0; word < wordsOfKey; word += 1) {
      if (this.#entries[at + word] !== entry[word]) return false;
    }
    return true;
  }

  #put(slot: number, entry: Uint32Array): void {
    this.#entries.set(entry, slot * wordsOfEntry);
    this.#taken[slot] = 1;
    this.#size += 1;
  }

  #grow(): void {
    const [entries, taken] = [this.#entries, this.#taken];
    this.#entries = new Uint32Array(entries.length * 2);
    this.#taken = new Uint8Array(taken.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < taken.length; slot += 1) {
      if (taken[slot] === 0) continue;
      const entry = entries.subarray(slot * wordsOfEntry, (slot + 1) * wordsOfEntry);
      this.#put(this.#find(entry), entry);
    }
  }
}

function toEntry(place: string, contentHash: string): Uint32Array {
  const key = hash('sha256', place, 'buffer');
  const content = hash('sha256', contentHash, 'buffer');
  return Uint32Array.of(
    key.readUInt32LE(0),
    key.readUInt32LE(4),
    key.readUInt32LE(8),
    content.readUInt32LE(0),
    content.readUInt32LE(4),
  );
}
