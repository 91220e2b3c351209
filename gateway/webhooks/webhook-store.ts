import type { Db } from 'mongodb';
import { readWebhooks, type Webhook } from '../registry/webhooks.ts';
import { Outbox, type Outcome, outcomes } from './outbox.ts';

/** The webhooks of the registry, and what is to be sent to them. */
export type WebhookStore = {
  readonly outbox: Outbox;
  /** Reads the webhooks of the registry that have not ended. `reject` gets the ids of malformed entries. */
  readonly entries: (now: Date, reject: (id: string) => void) => Promise<readonly Webhook[]>;
  /** Gets the number of deliveries that this process has handled, by their outcome. */
  readonly outcomes: Map<Outcome, number>;
};

/** Opens the part of the hub's store that webhooks use. */
export function openWebhookStore(db: Db): WebhookStore {
  return {
    outbox: new Outbox(db),
    entries: async (now, reject) => await readWebhooks(db, now, reject),
    outcomes: new Map(outcomes.map((outcome) => [outcome, 0])),
  };
}
