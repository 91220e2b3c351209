import type { Community } from '../../../schema/record/vocabulary.ts';
import { endOfClocks } from '../../../schema/workflow/clock/end-of-clock.ts';
import { readClocks } from '../../../schema/workflow/clock/load.ts';
import { FileRegimes } from '../../../schema/workflow/regime/file-regimes.ts';
import { readRegimes } from '../../../schema/workflow/regime/load.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import { type KindWorkflows, workflowsOf } from '../../../schema/workflow/served.ts';

/** The workflows that a community runs, by the kind of record, and the clocks that they name. */
export type WorkflowRules = {
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
  /** The regimes of notification files, with the clocks of their stages. Null for a community that keeps no files. */
  readonly regimes: FileRegimes | null;
};

/** Returns the workflows of a community. They are read once in a process. */
export function workflowRulesOf(community: Community): WorkflowRules {
  const known = rules.get(community);
  if (known !== undefined) return known;
  const workflows = workflowsOf(community);
  const read = rulesWith(workflows);
  rules.set(community, read);
  return read;
}

function rulesWith(workflows: WorkflowRules['workflows']): WorkflowRules {
  if (workflows.size === 0) return { workflows, endOf: () => null, regimes: null };
  const clocks = readClocks();
  const regimes = workflows.has('NotificationFile') ? new FileRegimes(readRegimes(clocks), clocks) : null;
  return { workflows, endOf: endOfClocks(clocks), regimes };
}

const rules = new Map<Community, WorkflowRules>();
