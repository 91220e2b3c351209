import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { policyFolder } from '../../../../schema/policy/decide/load.ts';
import { domainFile } from '../../../../schema/policy/language/language.ts';
import { endOfClocks } from '../../../../schema/workflow/clock/end-of-clock.ts';
import { readClocks } from '../../../../schema/workflow/clock/load.ts';
import type { EndOfClock } from '../../../../schema/workflow/engine/progress.ts';
import {
  loadWorkflows,
  readWorkflowTexts,
  type Workflow,
  workflowsOfTexts,
} from '../../../../schema/workflow/language/load.ts';

/** A workflow as the engine gets it, and as its file declares it, for the plain model. */
export type Declared = { readonly name: string; readonly engine: Workflow; readonly file: Workflow };

const files = workflowsOfTexts(readWorkflowTexts());

/** All declared workflows. */
export const declared: readonly Declared[] = [...loadWorkflows()].map(([name, engine]) => {
  const file = files.get(name);
  if (file === undefined) throw new Error(`expected the file of ${name}`);
  return { name, engine, file };
});

/** Returns a declared workflow by its name. */
export function declaredAs(name: string): Declared {
  const found = declared.find((one) => one.name === name);
  if (found === undefined) throw new Error(`expected a declared workflow, got ${name}`);
  return found;
}

/** All roles of the registry. */
export const allRoles: readonly string[] = Object.keys(
  domainFile.parse(parse(readFileSync(join(policyFolder, 'domain.yaml'), 'utf8'))).roles,
);

const realEnd = endOfClocks(readClocks());
const ends = new Map<string, Date | null>();

/** Returns the end of a clock's period. Ends are kept, because thousands of runs ask for the same ones. */
export const endOf: EndOfClock = (clock, start, which = 'latest') => {
  const key = `${clock} ${which} ${start.getTime()}`;
  const kept = ends.get(key);
  if (kept !== undefined) return kept;
  const end = realEnd(clock, start, which);
  ends.set(key, end);
  return end;
};
