import { KeyObject } from 'node:crypto';
import { generateKeyPair } from 'jose';
import { type EntryKey, type EntryKeys, signEntry } from '../../../gateway/audit/signature.ts';
import type { ChainedEntry } from '../../../gateway/audit/entry.ts';
import type { SignedEntry } from '../../../gateway/audit/store.ts';

const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
const own: EntryKey = { id: 'hub-1', privateKey: pair.privateKey };

/** The signing key of the hub under test. */
export const key = (): EntryKey => own;

/** The public keys to verify its entries with. */
export const keys: EntryKeys = new Map([['hub-1', KeyObject.from(pair.publicKey)]]);

/** Signs a chained entry as the hub does. */
export async function signed(entry: ChainedEntry): Promise<SignedEntry> {
  return { ...entry, signature: await signEntry(entry.bytes, own) };
}
