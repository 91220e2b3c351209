import { createHash, webcrypto } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import type { SigningKey } from '../../schema/protocol/session.ts';
import { openSealed, seal } from '../../schema/runtime/seal.ts';

/** The scope that the id of an event is bound to. */
export type EventScope = {
  readonly community: string;
  readonly kind: string;
  readonly policy: string;
  readonly permissionClass: string;
};

/** Seals and opens ids of events. */
export type EventIds = {
  readonly seal: (position: string, scope: EventScope) => Promise<string>;
  /** Returns the position. Throws RESUME_EXPIRED for a forged id, one of another scope, or of an earlier key. */
  readonly open: (id: string, scope: EventScope) => Promise<string>;
};

const label = 'jcu event ids 1';
/** A position has at most 2000 characters. */
const maxIdLength = 4000;

/**
 * Creates the ids of events: a position of a community's log, encrypted with AES-256-GCM. Every hub of a deployment opens
 * them: the key is derived from the hub's signing key, whose Ed25519 signature of a fixed text is always the same. Nobody
 * else has that signature.
 */
export function createEventIds(key: () => SigningKey): EventIds {
  let derived: { readonly of: CryptoKey; readonly key: Promise<Buffer> } | null = null;
  const current = async () => {
    const { privateKey } = key();
    if (derived?.of !== privateKey) derived = { of: privateKey, key: deriveKey(privateKey) };
    return await derived.key;
  };
  return {
    seal: async (position, scope) => seal(position, textOf(scope), await current()),
    open: async (id, scope) => openId(id, scope, await current()),
  };
}

type CryptoKey = webcrypto.CryptoKey;

async function deriveKey(privateKey: CryptoKey): Promise<Buffer> {
  const signature = await webcrypto.subtle.sign('Ed25519', privateKey, Buffer.from(label));
  return createHash('sha256').update(label).update(Buffer.from(signature)).digest();
}

function openId(id: string, scope: EventScope, key: Buffer): string {
  try {
    if (id.length > maxIdLength) throw new Error(`expected at most ${maxIdLength} characters`);
    return openSealed(id, textOf(scope), key);
  } catch (error) {
    throw new HubError('RESUME_EXPIRED', 'the id of the event cannot be opened in this scope', {
      cause: error,
    });
  }
}

function textOf({ community, kind, policy, permissionClass }: EventScope): string {
  return JSON.stringify([community, kind, policy, permissionClass]);
}
