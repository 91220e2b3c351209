import { communities } from '../../../schema/record/vocabulary.ts';

/** A store for the hub and one for each community: a community that the contract gains has its store with it. */
export const storeNames = ['hub', ...communities] as const;
export type StoreName = (typeof storeNames)[number];

/** The database of a store, which is also its user's name: `cert-eu` has `cert_eu`, the hub `jcu_hub`. */
export function databaseOf(store: StoreName): string {
  return store === 'hub' ? 'jcu_hub' : store.replaceAll('-', '_');
}
