import type { ChangeEvent } from '../../schema/protocol/change-event.ts';

/** The changes of one record that wait for one subscriber, as one: its state before the first, and the last of them. */
export type WaitingChange = {
  readonly event: ChangeEvent;
  /** The access keys that the record admitted before the first of the changes. */
  readonly before: readonly string[];
  readonly isNew: boolean;
  /** The position of the event that arrived right before the first; null for the first event of the subscription. */
  readonly previous: string | null;
};

/** A change that is taken, and the position after which a subscription continues without a gap. */
export type TakenChange = WaitingChange & { readonly position: string };

/** The changes that wait for one subscriber, one for each record. */
export class WaitingChanges {
  readonly #changes = new Map<string, WaitingChange>();
  #last: string | null = null;

  get size(): number {
    return this.#changes.size;
  }

  add(event: ChangeEvent): void {
    const first = this.#changes.get(event.id);
    const { before, isNew, previous } = first ?? { ...event, previous: this.#last };
    this.#changes.set(event.id, { event, before, isNew, previous });
    this.#last = event.position;
  }

  /**
   * Takes the change whose first event is the oldest; null if none waits. Its position is before every change that still
   * waits, so that a resumed subscription repeats events rather than missing one.
   */
  take(): TakenChange | null {
    const [change] = this.#changes.values();
    if (change === undefined) return null;
    this.#changes.delete(change.event.id);
    const [next] = this.#changes.values();
    return { ...change, position: next?.previous ?? this.#last ?? change.event.position };
  }

  clear(): void {
    this.#changes.clear();
  }
}
