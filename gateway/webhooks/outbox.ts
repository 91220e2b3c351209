import { createHash } from 'node:crypto';
import type { Collection, Db } from 'mongodb';

/**
 * A notice that is to be sent to one webhook. It has no content: the notice is read when it is sent. `_id` is the id of the
 * message, the same at each attempt.
 */
export type Delivery = {
  readonly _id: string;
  readonly webhook: string;
  readonly community: string;
  /** The id of the notice in the graph. */
  readonly notice: string;
  /**
   * `pending`, then `sent`, `dead` after the last attempt, or `withheld` if the reader of the webhook may not see it.
   */
  readonly state: 'pending' | 'sent' | 'dead' | 'withheld';
  /** The attempts that failed. */
  readonly attempts: number;
  readonly nextAt: Date;
  /** When the hub learned of the notice. */
  readonly at: Date;
  /** Why the last attempt failed. */
  readonly reason: string | null;
  readonly endedAt: Date | null;
};

/** The outcome of a claimed delivery. `postponed` is a failure of the hub itself, which is no attempt. */
export const outcomes = ['sent', 'failed', 'dead', 'withheld', 'postponed'] as const;
export type Outcome = (typeof outcomes)[number];

/** The place in the changes of a community up to which all notices are in the outbox. */
type Place = { readonly _id: string; readonly position: string; readonly at: Date };

/** A webhook whose receiver answered 410 at an address. */
type Disabled = { readonly _id: string; readonly url: string; readonly at: Date };

/** A notice of a community, and the webhooks that it is for. */
export type Noticed = {
  readonly community: string;
  readonly notice: string;
  readonly webhooks: readonly string[];
};

const durable = { writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5000 } } as const;
const maxTimeMs = 5000;
/** A claim ends after this time. Another hub then sends the notice again: at least once, if this hub was killed. */
export const claimMs = 60_000;
/** The most deliveries of one webhook in each state. Of more, the oldest are removed; those that wait become dead. */
export const maxKept = { pending: 10_000, dead: 10_000, sent: 100_000, withheld: 100_000 } as const;
const day = 86_400_000;
/**
 * The time for which a delivery is kept after its end. A notice that the hub reads again within this time is not sent
 * again.
 */
const keptMs = { sent: 7 * day, withheld: 7 * day, dead: 90 * day } as const;

/** The outbox of all webhooks, in the hub's store. Several hubs use it: each delivery is claimed by one of them. */
export class Outbox {
  readonly #deliveries: Collection<Delivery>;
  readonly #places: Collection<Place>;
  readonly #disabled: Collection<Disabled>;

  constructor(db: Db) {
    const primary = { readPreference: 'primary' } as const;
    this.#deliveries = db.collection('webhookDeliveries', primary);
    this.#places = db.collection('webhookPlaces', primary);
    this.#disabled = db.collection('webhooksDisabled', primary);
  }

  async createIndexes(): Promise<void> {
    await this.#deliveries.createIndexes([
      { key: { state: 1, nextAt: 1, webhook: 1 } },
      { key: { state: 1, endedAt: 1 } },
      { key: { webhook: 1, state: 1, at: 1 } },
    ]);
  }

  /** Adds the deliveries of a notice that are not there yet. */
  async add({ community, notice, webhooks }: Noticed, now: Date): Promise<void> {
    const first = {
      state: 'pending',
      attempts: 0,
      nextAt: now,
      at: now,
      reason: null,
      endedAt: null,
    } as const;
    const added = webhooks.map((webhook) => ({
      updateOne: {
        filter: { _id: idOf(webhook, notice) },
        update: { $setOnInsert: { webhook, community, notice, ...first } },
        upsert: true,
      },
    }));
    if (added.length > 0) await this.#deliveries.bulkWrite(added, { ordered: false, ...durable });
  }

  /** Returns the stored place in the changes of a community. Null if none is stored. */
  async placeOf(community: string): Promise<string | null> {
    const found = await this.#places.findOne({ _id: community }, { maxTimeMS: maxTimeMs });
    return found?.position ?? null;
  }

  /** Stores the first place of a community. Another hub can have stored one meanwhile: that one stays. */
  async beginAt(community: string, position: string, now: Date): Promise<void> {
    const update = { $setOnInsert: { position, at: now } };
    await this.#places.updateOne({ _id: community }, update, { upsert: true, ...durable });
  }

  /** Stores a place: all notices before it are in the outbox. */
  async moveTo(community: string, position: string, now: Date): Promise<void> {
    const update = { $set: { position, at: now } };
    await this.#places.updateOne({ _id: community }, update, { upsert: true, ...durable });
  }

  /**
   * Claims the delivery that became due first, except those of some webhooks. No other hub sends it until the claim ends.
   * Returns null if none is due.
   */
  async claim(now: Date, except: readonly string[]): Promise<Delivery | null> {
    const due = { state: 'pending', nextAt: { $lte: now }, webhook: { $nin: [...except] } } as const;
    const claimed = { $set: { nextAt: new Date(now.getTime() + claimMs) } };
    const options = {
      sort: { nextAt: 1 },
      returnDocument: 'after',
      maxTimeMS: maxTimeMs,
      ...durable,
    } as const;
    return await this.#deliveries.findOneAndUpdate(due, claimed, options);
  }

  /** Ends a claimed delivery. Does nothing if another hub has claimed it since. */
  async end(
    claimed: Pick<Delivery, '_id' | 'nextAt'>,
    { state, reason = null }: Pick<Delivery, 'state'> & { readonly reason?: string | null },
    now: Date,
  ): Promise<void> {
    await this.#update(claimed, { state, reason, endedAt: now });
  }

  /** Lets a claimed delivery wait until a time. */
  async postpone(
    claimed: Pick<Delivery, '_id' | 'nextAt'>,
    later: Pick<Delivery, 'attempts' | 'nextAt' | 'reason'>,
  ): Promise<void> {
    await this.#update(claimed, later);
  }

  async #update({ _id, nextAt }: Pick<Delivery, '_id' | 'nextAt'>, to: Partial<Delivery>): Promise<void> {
    await this.#deliveries.updateOne({ _id, state: 'pending', nextAt }, { $set: to }, durable);
  }

  /** Disables a webhook at its address, until the operator enables it or enters another address. */
  async disable({ _id, url }: Pick<Disabled, '_id' | 'url'>, now: Date): Promise<void> {
    await this.#disabled.updateOne({ _id }, { $set: { url, at: now } }, { upsert: true, ...durable });
  }

  async enable(_id: string): Promise<boolean> {
    return (await this.#disabled.deleteOne({ _id }, durable)).deletedCount === 1;
  }

  async isDisabled({ _id, url }: Pick<Disabled, '_id' | 'url'>): Promise<boolean> {
    return (await this.#disabled.findOne({ _id, url }, { maxTimeMS: maxTimeMs })) !== null;
  }

  /** Returns the dead deliveries, the newest first. */
  async dead(limit: number): Promise<readonly Delivery[]> {
    return await this.#deliveries.find({ state: 'dead' }).sort({ endedAt: -1 }).limit(limit).toArray();
  }

  /** Makes dead deliveries due again: one by its id, or all of a webhook. Returns their number. */
  async revive(of: { readonly _id: string } | { readonly webhook: string }, now: Date): Promise<number> {
    const again = { state: 'pending', attempts: 0, nextAt: now, endedAt: null } as const;
    return (await this.#deliveries.updateMany({ ...of, state: 'dead' }, { $set: again }, durable))
      .modifiedCount;
  }

  /** Counts the deliveries of a webhook by their state. */
  async count(webhook: string): Promise<Readonly<Record<'pending' | 'dead', number>>> {
    const of = async (state: Delivery['state']) =>
      await this.#deliveries.countDocuments({ webhook, state }, { maxTimeMS: maxTimeMs });
    const [pending, dead] = await Promise.all([of('pending'), of('dead')]);
    return { pending, dead };
  }

  /** Removes what ended long ago, and bounds the deliveries of each webhook in each state. */
  async sweep(now: Date, most: Readonly<Record<Delivery['state'], number>> = maxKept): Promise<void> {
    for (const [state, ms] of Object.entries(keptMs) as [keyof typeof keptMs, number][])
      await this.#deliveries.deleteMany({ state, endedAt: { $lt: new Date(now.getTime() - ms) } }, durable);
    for (const webhook of await this.#deliveries.distinct('webhook', {}, { maxTimeMS: maxTimeMs }))
      for (const [state, kept] of Object.entries(most) as [Delivery['state'], number][]) {
        const [first] = await this.#deliveries
          .find({ webhook, state })
          .sort({ at: -1 })
          .skip(kept)
          .limit(1)
          .toArray();
        if (first === undefined) continue;
        const old = { webhook, state, at: { $lte: first.at } };
        const given = { $set: { state: 'dead', reason: 'too many wait', endedAt: now } } as const;
        if (state === 'pending') await this.#deliveries.updateMany(old, given, durable);
        else await this.#deliveries.deleteMany(old, durable);
      }
  }
}

/** The id of a message. It has a fixed length and says nothing of the notice. */
function idOf(webhook: string, notice: string): string {
  return `msg_${createHash('sha256')
    .update(JSON.stringify([webhook, notice]))
    .digest('base64url')}`;
}
