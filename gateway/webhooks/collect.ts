import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { HubError } from '../../schema/errors.ts';
import type { ChangeEvent } from '../../schema/protocol/change-event.ts';
import type { ChangeFeed } from '../live/change-feed.ts';
import type { Webhook } from '../registry/webhooks.ts';
import type { Outbox } from './outbox.ts';

/** The parts with which the notices of one community are collected. */
export type CollectParts = {
  readonly community: string;
  readonly feed: ChangeFeed;
  readonly outbox: Pick<Outbox, 'add' | 'placeOf' | 'beginAt' | 'moveTo'>;
  readonly webhooks: () => readonly Webhook[];
  readonly now: () => Date;
  /** Called after notices were added. */
  readonly added: () => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

/** A notice in the changes of a community. The access keys of its event are not kept: they can be large. */
type Noted = { readonly id: string; readonly party: string; readonly position: string };

/** The most notices that wait for the hub's store. Above it, the hub reads them again from the stored place. */
const maxWaiting = 10_000;
const pauseMs = { first: 500, most: 30_000 } as const;
/**
 * After this time without a notice, the place is stored again. Otherwise the store of the community could have dropped the
 * changes after it when the hub starts next.
 */
const storePlaceMs = 60_000;

/**
 * Puts each notice of a community into the outbox, until `signal` is aborted. The place in the changes is stored after the
 * notices before it, so a hub that is killed misses none. Several hubs do this at once: a notice is added once. A place of a
 * slower hub only makes the next start read more.
 */
export async function collectNotices(parts: CollectParts, signal: AbortSignal): Promise<void> {
  let pause: number = pauseMs.first;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await collectOnce(parts, signal);
    } catch (error) {
      if (signal.aborted) return;
      parts.log.warn({ part: parts.community, error: String(error) }, 'notices for webhooks are read again');
    }
    pause = performance.now() - began > pauseMs.most ? pauseMs.first : Math.min(2 * pause, pauseMs.most);
    await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

/** Reads the notices from the stored place on. Rejects if events may be missing: the caller begins again. */
async function collectOnce(parts: CollectParts, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const waiting: Noted[] = [];
  let wake = asleep;
  const stopListening = parts.feed.listen((event) => {
    if (event === 'lost' || waiting.length >= maxWaiting) ended.abort(new Error('events were lost'));
    else waiting.push(...notedIn(event));
    wake();
  });
  until.addEventListener('abort', () => wake(), { once: true });
  try {
    const ready = await parts.feed.ready(until);
    await readPast(parts, ready, until);
    let storedAt = performance.now();
    while (!until.aborted) {
      const noted = waiting.shift();
      if (noted !== undefined) await take(parts, noted);
      else if (performance.now() - storedAt > storePlaceMs) {
        storedAt = performance.now();
        const place = await parts.feed.ready(until);
        // An event that came meanwhile is before this place and not in the outbox yet.
        if (waiting.length === 0) await parts.outbox.moveTo(parts.community, place, parts.now());
      } else await untilWoken((resolve) => (wake = resolve));
    }
    signal.throwIfAborted();
    throw new Error('events were lost');
  } finally {
    stopListening();
    ended.abort();
  }
}

/** Reads what came since the stored place. Without one, the present place is stored. */
async function readPast(parts: CollectParts, ready: string, until: AbortSignal): Promise<void> {
  const { community, feed, outbox, now, log } = parts;
  const place = await outbox.placeOf(community);
  if (place === null) return await outbox.beginAt(community, ready, now());
  try {
    for await (const event of feed.after(place, 'webhooks', until))
      for (const noted of notedIn(event)) await take(parts, noted);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'RESUME_EXPIRED') throw error;
    log.error(
      { part: community },
      'the store of the community no longer has all changes: notices may be missing at webhooks, and are in the inboxes',
    );
    await outbox.moveTo(community, ready, now());
  }
}

function notedIn({ id, notice, position }: ChangeEvent): readonly Noted[] {
  return notice === undefined ? [] : [{ id, party: notice.party, position }];
}

async function take(
  { community, outbox, webhooks, now, added }: CollectParts,
  { id, party, position }: Noted,
): Promise<void> {
  const own = webhooks().filter(({ organisation }) => organisation === party);
  if (own.length > 0) {
    await outbox.add({ community, notice: id, webhooks: own.map(({ _id }) => _id) }, now());
    added();
  }
  await outbox.moveTo(community, position, now());
}

const asleep = (): void => undefined;

/** Waits until the listener or the end of the signal wakes the reader, a second at most. */
async function untilWoken(set: (resolve: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  set(resolve);
  const timer = setTimeout(resolve, 1000);
  await promise;
  clearTimeout(timer);
}
