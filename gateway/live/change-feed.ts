import type { ChangeEvent } from '../../schema/protocol/change-event.ts';

/**
 * The changes of one community's store, as this hub process receives them. A feed is connected only while it has listeners,
 * and connects again from its last position.
 */
export type ChangeFeed = {
  /**
   * Calls `listener` for each event in order. `'lost'` says that events may be missing: subscribers end, or read the
   * missing ones with `after`. Returns a function that stops the calls.
   */
  readonly listen: (listener: (event: ChangeEvent | 'lost') => void) => () => void;
  /**
   * Resolves with a position once the feed is connected: the present listeners miss no event after it. Rejects if `signal`
   * is aborted, or if there is no listener. A subscriber that continues after an event first listens, then waits for
   * `ready`, then calls `after`. It therefore misses no event between the two.
   */
  readonly ready: (signal: AbortSignal) => Promise<string>;
  /**
   * Returns the events after a position, up to the time of the call. Readers take turns. Rejects with HubError RESUME_EXPIRED if the store
   * no longer has them, and with PART_UNAVAILABLE if the community does not answer.
   */
  readonly after: (position: string, reader: string, signal: AbortSignal) => AsyncIterable<ChangeEvent>;
};
