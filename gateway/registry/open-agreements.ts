import type { HubStore } from '../store.ts';
import { createAskAgreements } from './ask-agreements.ts';
import type { FollowedAgreements } from './follow-agreements.ts';

/** Follows the states of the registry's agreements at the joint unit. `stop` ends its connections. */
export function openAgreements(
  settings: Parameters<typeof createAskAgreements>[0],
  store: Pick<HubStore, 'followAgreements'>,
  ...[policy, key, log]: AskParts
): Pick<FollowedAgreements, 'refresh'> & { readonly stop: () => Promise<void> } {
  const { ask, stop } = createAskAgreements(settings, policy, key, log);
  const followed = store.followAgreements(ask);
  return {
    refresh: followed.refresh,
    stop: async () => {
      followed.stop();
      await stop();
    },
  };
}

type AskParts = Parameters<typeof createAskAgreements> extends [unknown, ...infer Rest] ? Rest : never;
