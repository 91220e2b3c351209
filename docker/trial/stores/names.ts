import { communities } from '../../../schema/record/vocabulary.ts';

/** The stores: one for the hub and one for each community of the contract. */
export const storeNames = ['hub', ...communities] as const;
export type StoreName = (typeof storeNames)[number];

/** Returns the database of a store, which is also its user's name: `cert_eu` for `cert-eu`, `jcu_hub` for the hub. */
export function databaseOf(store: StoreName): string {
  return store === 'hub' ? 'jcu_hub' : store.replaceAll('-', '_');
}
