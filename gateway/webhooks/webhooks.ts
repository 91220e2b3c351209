import type { Logger } from 'pino';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { within } from '../../schema/runtime/within.ts';
import type { Watched } from '../../schema/runtime/watched-file.ts';
import { workflowsOf } from '../../schema/workflow/served.ts';
import type { ChangeFeed } from '../live/change-feed.ts';
import type { WebhookNetworks } from '../outbound/webhook-address.ts';
import type { Webhook } from '../registry/webhooks.ts';
import { collectNotices } from './collect.ts';
import { deliver, type DeliverParts } from './deliver.ts';
import type { Delivery } from './outbox.ts';
import { createSend } from './send.ts';
import type { WebhookSecrets } from './signature.ts';
import type { WebhookStore } from './webhook-store.ts';

/** The parts of the hub that webhooks use. */
export type WebhookParts = WebhookStore &
  Pick<DeliverParts, 'read'> & {
    readonly feeds: ReadonlyMap<string, ChangeFeed>;
    readonly secrets: Pick<Watched<WebhookSecrets>, 'current'>;
    readonly networks: WebhookNetworks;
    readonly log: Logger;
    readonly now?: () => Date;
    readonly random?: () => number;
    /** The pause before the registry's webhooks are read again and what is due is sent. */
    readonly everyMs?: number;
  };

/** The webhooks of a running hub. */
export type RunningWebhooks = { stop(): Promise<void> };

/** The deliveries that are made at once by this process, and those of one webhook: a slow receiver delays only its own. */
const maxAtOnce = { inAll: 64, each: 2 } as const;
const lookEveryMs = 1000;
const sweepEveryMs = 600_000;
/** A delivery that is being sent when the hub stops is finished within this time, or sent again by another hub. */
const stopMs = 5000;

/**
 * Sends the notices of organisations to their webhooks while the registry has some. Notices are collected into the outbox,
 * then sent from there. All state is in the hub's store, so several hubs share the work, and a hub that is killed loses none.
 */
export function runWebhooks(parts: WebhookParts): RunningWebhooks {
  const running = new Running(parts);
  return { stop: async () => await running.stop() };
}

class Running {
  readonly #parts: WebhookParts;
  readonly #now: () => Date;
  readonly #stopped = new AbortController();
  readonly #send: ReturnType<typeof createSend>;
  readonly #inProgress = new Set<Promise<void>>();
  readonly #busy = new Map<string, number>();
  readonly #faults = new Set<string>();
  #webhooks: readonly Webhook[] = [];
  #collecting: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #sweptAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isStarting = false;
  #isAsked = false;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => new Date());
    this.#send = createSend(parts.networks);
    this.#again();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#rest();
    clearTimeout(this.#timer);
    // Nothing more is claimed. A message that is being sent may still arrive.
    await within(stopMs, Promise.all([this.#looking, ...this.#inProgress])).catch(() => undefined);
    await this.#send.stop();
  }

  #again(): void {
    this.#looking = this.#look().finally(() => {
      if (!this.#stopped.signal.aborted)
        this.#timer = setTimeout(() => this.#again(), this.#parts.everyMs ?? lookEveryMs).unref();
    });
  }

  /** Reads the webhooks, begins or ends to collect, and starts what is due. */
  async #look(): Promise<void> {
    try {
      this.#webhooks = await this.#parts.entries(this.#now(), (id) => this.#reject(id));
      if (this.#webhooks.length === 0) this.#rest();
      else await this.#begin();
      await this.#startDue();
      await this.#sweep();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#stopped.signal.aborted)
        this.#parts.log.warn(
          { error: String(error) },
          'notices for webhooks wait: the store does not answer',
        );
      this.#isFailing = true;
    }
  }

  #reject(id: string): void {
    this.#warnOnce(id, 'the entry of the registry is malformed: nothing is sent to it');
  }

  #warnOnce(webhook: string, fault: string): void {
    const key = `${webhook} ${fault}`;
    if (this.#faults.has(key) || this.#faults.size > 1000) return;
    this.#faults.add(key);
    this.#parts.log.error({ webhook, fault }, 'a webhook of the registry has a fault');
  }

  #rest(): void {
    this.#collecting?.abort();
    this.#collecting = null;
  }

  async #begin(): Promise<void> {
    if (this.#collecting !== null || this.#stopped.signal.aborted) return;
    await this.#parts.outbox.createIndexes();
    const collecting = new AbortController();
    this.#collecting = collecting;
    const { feeds, outbox, log } = this.#parts;
    for (const [community, feed] of feeds) {
      if (!hasNotices(community)) continue;
      const own = { community, feed, outbox, log, now: this.#now };
      const added = () => void this.#startDue().catch(() => undefined);
      void collectNotices({ ...own, webhooks: () => this.#webhooks, added }, collecting.signal);
    }
  }

  /** Starts what is due. Only one caller claims at a time, so that the limits hold; another one makes it look again. */
  async #startDue(): Promise<void> {
    this.#isAsked = true;
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      while (this.#isAsked && !this.#stopped.signal.aborted) {
        this.#isAsked = false;
        await this.#claimDue();
      }
    } finally {
      this.#isStarting = false;
    }
  }

  /** Claims deliveries that are due, and starts them, until enough are in progress. */
  async #claimDue(): Promise<void> {
    while (!this.#stopped.signal.aborted && this.#inProgress.size < maxAtOnce.inAll) {
      const full = [...this.#busy].flatMap(([webhook, count]) => (count >= maxAtOnce.each ? [webhook] : []));
      const claimed = await this.#parts.outbox.claim(this.#now(), full);
      if (claimed === null) return;
      this.#start(claimed);
    }
  }

  #start(claimed: Delivery): void {
    const { webhook } = claimed;
    const { outcomes } = this.#parts;
    this.#busy.set(webhook, (this.#busy.get(webhook) ?? 0) + 1);
    const work = deliver(claimed, this.#deliverParts(), AbortSignal.timeout(maxDeliverMs))
      .then((outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1))
      // The store does not answer. The claim ends, and the delivery is due again.
      .catch((error: unknown) =>
        this.#parts.log.warn({ error: String(error) }, 'a delivery is claimed again later'),
      )
      .finally(() => {
        this.#inProgress.delete(work);
        const left = (this.#busy.get(webhook) ?? 1) - 1;
        if (left === 0) this.#busy.delete(webhook);
        else this.#busy.set(webhook, left);
        void this.#startDue().catch(() => undefined);
      });
    this.#inProgress.add(work);
  }

  #deliverParts(): DeliverParts {
    const { outbox, secrets, networks, read, log, random = Math.random } = this.#parts;
    return {
      outbox,
      webhookOf: (id) => this.#webhooks.find(({ _id }) => _id === id) ?? null,
      secrets: () => secrets.current(),
      networks,
      read,
      send: this.#send.send,
      now: this.#now,
      random,
      log,
      warnOnce: (webhook, fault) => this.#warnOnce(webhook, fault),
    };
  }

  async #sweep(): Promise<void> {
    if (performance.now() - this.#sweptAt < sweepEveryMs) return;
    this.#sweptAt = performance.now();
    await this.#parts.outbox.sweep(this.#now());
  }
}

/** The longest time for one delivery, below the end of its claim. */
const maxDeliverMs = 40_000;

function hasNotices(community: string): community is Community {
  return communities.some((one) => one === community && workflowsOf(one).size > 0);
}
