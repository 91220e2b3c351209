import { HubError } from '../../schema/errors.ts';

/** The maximum number of open subscriptions and of their estimated bytes, for one reader and for the hub. */
const roomLimits = {
  reader: { count: 1000, bytes: 16_000_000 },
  hub: { count: 20_000, bytes: 256_000_000 },
} as const;

type Used = { count: number; bytes: number };

/** Counts the open subscriptions of each reader and of the hub. */
export class Room {
  readonly #hub: Used = { count: 0, bytes: 0 };
  readonly #readers = new Map<string, Used>();

  /**
   * Counts a subscription, or with `count` 0 the memory of a document that subscriptions share, until the returned function
   * is called. Throws TOO_MANY_SUBSCRIPTIONS, or OVERLOADED for the hub.
   */
  enter(subject: string, bytes: number, count: 0 | 1 = 1): () => void {
    const reader = this.#readers.get(subject) ?? { count: 0, bytes: 0 };
    if (!hasRoom(reader, count, bytes, roomLimits.reader)) throw new HubError('TOO_MANY_SUBSCRIPTIONS');
    if (!hasRoom(this.#hub, count, bytes, roomLimits.hub)) throw new HubError('OVERLOADED');
    this.#readers.set(subject, reader);
    for (const used of [reader, this.#hub]) add(used, count, bytes);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      for (const used of [reader, this.#hub]) add(used, -count, -bytes);
      if (reader.count === 0 && reader.bytes === 0) this.#readers.delete(subject);
    };
  }
}

function hasRoom(used: Used, count: number, bytes: number, limit: Readonly<Used>): boolean {
  return used.count + count <= limit.count && used.bytes + bytes <= limit.bytes;
}

function add(used: Used, count: number, bytes: number): void {
  used.count += count;
  used.bytes += bytes;
}
