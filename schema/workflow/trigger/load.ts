import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, WorkflowError } from '../language/faults.ts';
import { triggersName, triggersOf, workflowFolder } from '../language/load.ts';
import type { Triggers } from './language.ts';

/** Reads the triggers of duties to notify. Throws WorkflowError with all faults. */
export function readTriggers(): Triggers {
  const faults: Fault[] = [];
  const text = readFileSync(join(workflowFolder, triggersName), 'utf8');
  const triggers = triggersOf({ [triggersName]: text }, faults);
  if (faults.length > 0) throw new WorkflowError(faults);
  return triggers;
}
