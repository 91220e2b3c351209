import { communities } from '../../../schema/vocabulary.ts';

/** A store for the hub and one for each community. */
export const storeNames = ['hub', ...communities] as const;
export type StoreName = (typeof storeNames)[number];

/** The database of a store: `cert-eu` keeps its records in `cert_eu`, the hub its own in `jcu_hub`. */
export function databaseOf(store: StoreName): string {
  return store === 'hub' ? 'jcu_hub' : store.replaceAll('-', '_');
}
