import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networksName, networksOf, workflowFolder } from '../language/load.ts';
import { type Fault, WorkflowError } from '../language/faults.ts';
import type { Networks } from './language.ts';

let known: Networks | undefined;

/** Reads the networks, once in a process. Throws WorkflowError with all faults. */
export function readNetworks(): Networks {
  known ??= read();
  return known;
}

function read(): Networks {
  const faults: Fault[] = [];
  const text = readFileSync(join(workflowFolder, networksName), 'utf8');
  const networks = networksOf({ [networksName]: text }, faults);
  if (faults.length > 0) throw new WorkflowError(faults);
  return networks;
}
