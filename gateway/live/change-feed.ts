import type { ChangeEvent } from '../../schema/protocol/change-event.ts';

/**
 * The changes of one community's store, as this hub process receives them. It is connected only while somebody listens,
 * and connects again from its last position.
 */
export type ChangeFeed = {
  /**
   * Calls `listener` for each event in order. `'lost'` says that events may be missing: subscribers end, or read the
   * missing ones with `after`. Returns a function that stops the calls.
   */
  readonly listen: (listener: (event: ChangeEvent | 'lost') => void) => () => void;
  /**
   * Resolves with a position as soon as no later event is missed by those who listen now: at once while the feed is
   * connected. Rejects if `signal` is aborted or nobody listens. A subscriber that continues after an event listens
   * first, waits for this, and then calls `after`: so no event falls between the two.
   */
  readonly ready: (signal: AbortSignal) => Promise<string>;
  /**
   * Returns the events after a position, up to the time of the call. Rejects with HubError RESUME_EXPIRED if the store
   * no longer has them, and with PART_UNAVAILABLE if the community does not answer.
   */
  readonly after: (position: string, signal: AbortSignal) => AsyncIterable<ChangeEvent>;
};
