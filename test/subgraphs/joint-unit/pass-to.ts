import { expect } from '@jest/globals';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';

/** Fires all timers of the joint unit that are due at an instant. Fails the test if one fails. */
export async function passTo(store: CommunityStore, now: Date): Promise<void> {
  const faults: unknown[] = [];
  const log = { error: (details: object) => void faults.push(details) };
  while ((await fireDue(store, workflowRulesOf('joint-unit'), now, log)).tried > 0);
  expect(faults).toEqual([]);
}
