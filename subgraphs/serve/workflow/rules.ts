import type { Community } from '../../../schema/record/vocabulary.ts';
import { endOfClocks } from '../../../schema/workflow/clock/end-of-clock.ts';
import { readClocks } from '../../../schema/workflow/clock/load.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import { type KindWorkflows, workflowsOf } from '../../../schema/workflow/served.ts';

/** The workflows that a community runs, by the kind of record, and the clocks that they name. */
export type WorkflowRules = {
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
};

/** Returns the workflows of a community. They are read once in a process. */
export function workflowRulesOf(community: Community): WorkflowRules {
  const known = rules.get(community);
  if (known !== undefined) return known;
  const workflows = workflowsOf(community);
  const read = { workflows, endOf: workflows.size === 0 ? () => null : endOfClocks(readClocks()) };
  rules.set(community, read);
  return read;
}

const rules = new Map<Community, WorkflowRules>();
