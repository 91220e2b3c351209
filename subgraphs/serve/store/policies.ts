import { policyFilesAt, policySettings } from '../../../schema/policy/bundle/files.ts';
import {
  acceptBundle,
  type KeptBundle,
  openIfChanged,
  type PolicyArchive,
} from '../../../schema/policy/bundle/in-force.ts';
import { rememberPolicies } from '../../../schema/policy/bundle/memory.ts';
import { gapsOf } from '../../../schema/policy/check/coverage.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import { type Environment, readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from './store.ts';

/** Limits the wait for the store. A request has little time, a command of an operator has more. */
export type Patience = typeof within;

/** Waits ten times as long as a request does. */
export const patiently: Patience = async (ms, work) => await within(ms * 10, work);

/**
 * Returns the archive of all policies that were accepted, in the community's store. Rejects while the store is not
 * connected.
 */
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
 * Returns the policy in force for a command of an operator. The bundle passes the same checks as in the subgraph.
 * Throws, with a message for the operator, if there is no valid bundle.
 */
export async function policyOfRun(env: Environment, name: Community, store: CommunityStore): Promise<Policy> {
  const { deployment, ...paths } = readOrThrow(policySettings, env);
  const { opened, bundle } = await openIfChanged(policyFilesAt(paths), deployment, gapsOf(name))();
  const old = await acceptBundle(opened, bundle, policiesOf(store, patiently));
  if (old !== null) throw new Error(old);
  return opened.policy;
}
