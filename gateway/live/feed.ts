import type { AskChanges } from './ask-changes.ts';
import type { Owns } from './check-kind.ts';
import type { ChangeFeed } from './change-feed.ts';
import { type FeedLog, LiveFeed } from './live-feed.ts';
import { readPast } from './past-events.ts';
import { Turns } from '../../schema/runtime/turns.ts';

/** The maximum number of streams of the past that a hub process reads from one community at once, and of those that wait. */
const maxPasts = 4;
const maxPastsWaiting = 1000;

/**
 * Creates the feed of one community's changes. `owns` tells whether a kind of record is one of the community: an event of
 * another kind ends the stream.
 */
export function createChangeFeed(community: string, owns: Owns, ask: AskChanges, log: FeedLog): ChangeFeed {
  const live = new LiveFeed(community, owns, ask, log);
  const pasts = new Turns(maxPasts, maxPastsWaiting);
  return {
    listen: (listener) => live.listen(listener),
    ready: async (signal) => await live.ready(signal),
    after: (position, reader, signal) => readPast(position, { owns, ask, pasts, reader, signal }),
  };
}
