import { createHmac } from 'node:crypto';
import { z } from 'zod';

/** The secrets of the webhooks by name, the newest first. Several are valid while a secret is being replaced. */
export type WebhookSecrets = ReadonlyMap<string, readonly Buffer[]>;

const prefix = 'whsec_';
/** The length of a key in bytes (Standard Webhooks, "Signature scheme"). */
const keyBytes = { least: 24, most: 64 } as const;
const maxSecrets = 3;

const file = z.record(z.string().min(1).max(100), z.array(z.string()).min(1).max(maxSecrets));

/**
 * Reads the file of secrets: `{"csirt-pl": ["whsec_…"]}`. Throws an error that names the secret and never contains its
 * value.
 */
export function readSecrets(text: string): WebhookSecrets {
  const read = file.safeParse(parseOrNull(text));
  if (!read.success)
    throw new Error(
      `JCU_WEBHOOK_SECRETS_FILE: expected {"NAME": ["${prefix}…"]} with 1 to ${maxSecrets} secrets for each name`,
    );
  return new Map(
    Object.entries(read.data).map(([name, given]) => [name, given.map((one) => toKey(name, one))]),
  );
}

function toKey(name: string, given: string): Buffer {
  const text = given.slice(prefix.length);
  const key = Buffer.from(text, 'base64');
  const isWhole = key.toString('base64').replaceAll('=', '') === text.replaceAll('=', '');
  const hasLength = key.length >= keyBytes.least && key.length <= keyBytes.most;
  if (!given.startsWith(prefix) || !isWhole || !hasLength)
    throw new Error(
      `JCU_WEBHOOK_SECRETS_FILE: ${name}: expected ${prefix} and ${keyBytes.least} to ${keyBytes.most} bytes in base64`,
    );
  return key;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A message as it is sent: `timestamp` in seconds since the epoch. */
export type SignedMessage = { readonly id: string; readonly timestamp: number; readonly body: string };

/**
 * Returns the headers that identify and sign a message (Standard Webhooks 1.0): one signature for each secret, so that the
 * receiver can change its secret at any time while both are valid.
 */
export function signedHeaders(
  { id, timestamp, body }: SignedMessage,
  secrets: readonly Buffer[],
): Readonly<Record<string, string>> {
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
