import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

type Entry = { readonly payload: AdapterPayload; readonly expiresAt: number };

/** More than a trial holds at once. When the limit is reached, the oldest entries are removed. */
const maxEntries = 10_000;

/**
 * Stores logins, codes and grants in memory until they expire. A restart ends every session, on purpose; access tokens
 * are signed and stay valid. Create one for each issuer; `now` returns milliseconds.
 */
export function memorySessions(now: () => number): AdapterFactory {
  const store = new Map<string, Entry>();
  return (model) => sessionsOf(model, store, now);
}

function sessionsOf(model: string, store: Map<string, Entry>, now: () => number): Adapter {
  const key = (id: string): string => `${model}:${id}`;
  const live = (entry: Entry | undefined): AdapterPayload | undefined =>
    entry !== undefined && entry.expiresAt > now() ? entry.payload : undefined;
  const findBy = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    live([...store].find(([name, entry]) => name.startsWith(`${model}:`) && matches(entry.payload))?.[1]);

  return {
    upsert: async (id, payload, expiresIn) => {
      makeRoom(store, now());
      store.set(key(id), {
        payload,
        expiresAt: expiresIn === undefined ? Infinity : now() + expiresIn * 1000,
      });
    },
    find: async (id) => live(store.get(key(id))),
    findByUid: async (uid) => findBy((payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
    consume: async (id) => {
      const entry = store.get(key(id));
      if (entry !== undefined) entry.payload.consumed = Math.floor(now() / 1000);
    },
    destroy: async (id) => {
      store.delete(key(id));
    },
    revokeByGrantId: async (grantId) => {
      for (const [name, entry] of store) if (entry.payload.grantId === grantId) store.delete(name);
    },
  };
}

function makeRoom(store: Map<string, Entry>, now: number): void {
  if (store.size < maxEntries) return;
  for (const [name, entry] of store) if (entry.expiresAt <= now) store.delete(name);
  for (const name of store.keys()) {
    if (store.size < maxEntries) return;
    store.delete(name);
  }
}
