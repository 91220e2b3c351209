import type { Logger } from 'pino';
import type { Community } from '../../schema/record/vocabulary.ts';
import { findWebhookFault, type WebhookNetworks } from '../outbound/webhook-address.ts';
import type { Webhook } from '../registry/webhooks.ts';
import type { Delivery, Outbox, Outcome } from './outbox.ts';
import type { ReadNotice, Withheld } from './read-notice.ts';
import { nextAttempt, postponeMs } from './schedule.ts';
import type { Send, Sent } from './send.ts';
import type { WebhookSecrets } from './signature.ts';

/** The parts with which one delivery is made. */
export type DeliverParts = {
  readonly outbox: Pick<Outbox, 'end' | 'postpone' | 'disable' | 'isDisabled'>;
  /** Returns a webhook that is in force; null for any other id. */
  readonly webhookOf: (id: string) => Webhook | null;
  readonly secrets: () => WebhookSecrets;
  readonly networks: WebhookNetworks;
  /** Reads the notice as the webhook's reader and records it; null or Withheld if it is not to be sent. */
  readonly read: (
    webhook: Webhook,
    of: { readonly community: Community; readonly notice: string },
    signal: AbortSignal,
  ) => Promise<ReadNotice | Withheld | null>;
  readonly send: Send;
  readonly now: () => Date;
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Logs a fault of a webhook's entry once, not for each delivery. */
  readonly warnOnce: (webhook: string, fault: string) => void;
};

/**
 * Makes one attempt at a claimed delivery. The notice is decided, read and recorded in the audit log first, at each attempt
 * again. If the reader may not see it, nothing is sent, ever.
 */
export async function deliver(claimed: Delivery, parts: DeliverParts, signal: AbortSignal): Promise<Outcome> {
  const { outbox, webhookOf, now, log } = parts;
  const { _id, webhook: id } = claimed;
  try {
    const webhook = webhookOf(id);
    if (webhook === null) return await withhold(claimed, 'the webhook has ended', parts);
    if (await outbox.isDisabled(webhook)) return await bury(claimed, 'the address is disabled', parts);
    const secrets = parts.secrets().get(webhook.secret);
    if (secrets === undefined) {
      parts.warnOnce(id, `no secret ${webhook.secret}: add it to the file of JCU_WEBHOOK_SECRETS_FILE`);
      return await postpone(claimed, parts);
    }
    const fault = findWebhookFault(webhook.url, parts.networks);
    if (fault !== null) return await fail(claimed, { reason: fault, retryAfterMs: null }, parts);
    const community = claimed.community as Community;
    const read = await parts.read(webhook, { community, notice: claimed.notice }, signal);
    if (read === null) return await withhold(claimed, null, parts);
    if ('withheld' in read) {
      parts.warnOnce(id, read.withheld);
      return await withhold(claimed, read.withheld, parts);
    }
    const message = {
      id: _id,
      timestamp: Math.floor(now().getTime() / 1000),
      body: bodyOf(community, read),
    };
    return await settle(claimed, webhook, await parts.send(webhook.url, message, secrets, signal), parts);
  } catch (error) {
    log.warn({ delivery: _id, webhook: id, error: String(error) }, 'a notice for a webhook is postponed');
    return await postpone(claimed, parts);
  }
}

/** Tries later without an attempt: the receiver was not asked. */
async function postpone(claimed: Delivery, { outbox, now }: DeliverParts): Promise<Outcome> {
  const nextAt = new Date(now().getTime() + postponeMs);
  const reason = 'the hub could not prepare the message';
  await outbox.postpone(claimed, { attempts: claimed.attempts, nextAt, reason });
  return 'postponed';
}

/** The body of a message, in the form that Standard Webhooks recommends, with the extensions of an answer. */
function bodyOf(community: Community, { notice, extensions }: ReadNotice): string {
  const data = { community, ...notice };
  return JSON.stringify({ type: 'jcu.notice', timestamp: notice.at, data, extensions });
}

async function settle(
  claimed: Delivery,
  webhook: Webhook,
  sent: Sent,
  parts: DeliverParts,
): Promise<Outcome> {
  if (sent.kind === 'failed') return await fail(claimed, sent, parts);
  if (sent.kind === 'gone') {
    await parts.outbox.disable(webhook, parts.now());
    parts.log.warn(
      { webhook: webhook._id },
      'a receiver answered 410: the webhook is disabled at this address',
    );
    return await bury(claimed, 'status 410', parts);
  }
  await parts.outbox.end(claimed, { state: 'sent' }, parts.now());
  return 'sent';
}

async function fail(
  claimed: Delivery,
  { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number | null },
  parts: DeliverParts,
): Promise<Outcome> {
  const attempts = claimed.attempts + 1;
  const nextAt = nextAttempt(attempts, retryAfterMs, parts.now(), parts.random);
  if (nextAt === null) return await bury(claimed, reason, parts);
  await parts.outbox.postpone(claimed, { attempts, nextAt, reason });
  return 'failed';
}

/** Keeps a delivery for the operators: `hub webhooks dead` lists it. */
async function bury(claimed: Delivery, reason: string, { outbox, log, now }: DeliverParts): Promise<Outcome> {
  const { _id: delivery, webhook } = claimed;
  await outbox.end(claimed, { state: 'dead', reason }, now());
  log.error({ delivery, webhook, reason }, 'a notice could not be delivered to a webhook and is kept');
  return 'dead';
}

async function withhold(
  claimed: Delivery,
  reason: string | null,
  { outbox, now }: DeliverParts,
): Promise<Outcome> {
  await outbox.end(claimed, { state: 'withheld', reason }, now());
  return 'withheld';
}
