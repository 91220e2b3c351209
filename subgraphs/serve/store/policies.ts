import { policyFilesAt, policySettings } from '../../../schema/policy/bundle/files.ts';
import {
  acceptBundle,
  type KeptBundle,
  openIfChanged,
  type PolicyArchive,
} from '../../../schema/policy/bundle/in-force.ts';
import { rememberPolicies } from '../../../schema/policy/bundle/memory.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { type Environment, readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from './store.ts';

/** How long is waited for the store: a request's time is short, a command that runs once has more of it. */
export type Patience = typeof within;

/** Ten times as long as a request waits. */
export const patiently: Patience = async (ms, work) => await within(ms * 10, work);

/** The policies that were ever taken here, in the community's own store. Rejects while the store is not connected. */
export function policiesOf(
  store: Pick<CommunityStore, 'connection'>,
  patience: Patience = within,
): PolicyArchive {
  return rememberPolicies(() => {
    if (!isOpen(store)) throw new Error('the store is not connected');
    return store.connection.collection<KeptBundle>('policies');
  }, patience);
}

/**
 * The policy in force for a command that runs once beside a connected store: the same bundle, held to the same
 * promises, as the subgraph's own. Throws, in words for an operator, where there is none.
 */
export async function policyOfRun(env: Environment, store: CommunityStore): Promise<Policy> {
  const { deployment, ...paths } = readOrThrow(policySettings, env);
  const { opened, bundle } = await openIfChanged(policyFilesAt(paths), deployment)();
  const old = await acceptBundle(opened, bundle, policiesOf(store, patiently));
  if (old !== null) throw new Error(old);
  return opened.policy;
}
