import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { policyFolder } from '../../policy/decide/load.ts';
import { domainFile } from '../../policy/language/language.ts';
import { checkOffices, checkTriggers, checkWorkflow } from './check.ts';
import type { Vocabulary } from './check-names.ts';
import { expandRelations } from './expand.ts';
import { type Fault, faultsOfIssues, WorkflowError } from './faults.ts';
import { type Networks, networksFile } from '../network/language.ts';
import { type Triggers, triggersFile } from '../trigger/language.ts';
import { officesFile, type OfficesFile, workflowFile, type WorkflowFile } from './language.ts';
import { withRecorders } from './recorders.ts';

/** A declared workflow. Its name is the name of its file without `.yaml`. */
export type Workflow = WorkflowFile & { readonly name: string };

/** The contents of the declarations by file name. */
export type WorkflowTexts = Readonly<Record<string, string>>;

const officesName = 'offices.yaml';
/** The file of the networks. */
export const networksName = 'networks.yaml';
/** The file of the triggers of duties to notify. */
export const triggersName = 'triggers.yaml';

/** The folder of the declarations. */
export const workflowFolder = fileURLToPath(new URL('..', import.meta.url));

/**
 * Reads every declaration and checks it. A move by a relation is written out to the roles that the relation demands.
 * Throws WorkflowError with all faults.
 */
export function loadWorkflows(folder: string = workflowFolder): ReadonlyMap<string, Workflow> {
  const declared = workflowsOfTexts(readWorkflowTexts(folder));
  return new Map([...declared].map(([name, workflow]) => [name, expandRelations(workflow)]));
}

/** Reads and checks the offices, and no other file. Throws WorkflowError with all faults. */
export function loadOffices(folder: string = workflowFolder): OfficesFile['offices'] {
  const faults: Fault[] = [];
  const text = readFileSync(join(folder, officesName), 'utf8');
  const offices = officesOf({ [officesName]: text }, faults);
  if (faults.length > 0) throw new WorkflowError(faults);
  return offices;
}

/** Reads the YAML files of the folder. */
export function readWorkflowTexts(folder: string = workflowFolder): WorkflowTexts {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Parses and checks declarations, and leaves them as they are written. Throws WorkflowError with all faults of all files. */
export function workflowsOfTexts(texts: WorkflowTexts): ReadonlyMap<string, Workflow> {
  const faults: Fault[] = [];
  const vocabulary = vocabularyOf(texts, faults);
  const networks = texts[networksName] === undefined ? {} : networksOf(texts, faults);
  const triggers = texts[triggersName] === undefined ? {} : triggersOf(texts, faults);
  if (texts[triggersName] !== undefined)
    faults.push(...checkTriggers(triggersName, triggers, { ...vocabulary, networks }));
  const workflows = new Map<string, Workflow>();
  for (const [file, text] of Object.entries(texts)) {
    const value = parseYaml(file, text, faults);
    if (value === undefined || isOther(value)) continue;
    const written = validate(file, value, workflowFile, faults);
    if (written === undefined) continue;
    const workflow = withRecorders(written, { networks, triggers });
    faults.push(...checkWorkflow(file, workflow, vocabulary));
    const name = file.replace(/\.yaml$/, '');
    workflows.set(name, { ...workflow, name });
  }
  if (faults.length > 0) throw new WorkflowError(faults);
  return workflows;
}

/**
 * Returns whether a file of the folder has another format, such as `jcu-offices/1`. A file without a format is read as
 * a workflow, which then reports the missing format.
 */
function isOther(value: unknown): boolean {
  const format = typeof value === 'object' && value !== null ? Reflect.get(value, 'format') : undefined;
  return typeof format === 'string' && /^jcu-(?!workflow\/)/.test(format);
}

function vocabularyOf(texts: WorkflowTexts, faults: Fault[]): Vocabulary {
  const path = join(policyFolder, 'domain.yaml');
  const domain = validate(
    'domain.yaml',
    parseYaml('domain.yaml', readFileSync(path, 'utf8'), faults),
    domainFile,
    faults,
  );
  const roles = new Set(Object.keys(domain?.roles ?? {}));
  const offices = officesOf(texts, faults);
  faults.push(...checkOffices(officesName, offices, roles));
  return {
    roles,
    kinds: new Set(Object.keys(domain?.kinds ?? {})),
    offices: new Set(Object.keys(offices)),
    clocks: clocksOf(texts, faults),
  };
}

function officesOf(texts: WorkflowTexts, faults: Fault[]): OfficesFile['offices'] {
  const value = parseYaml(officesName, texts[officesName] ?? '', faults);
  return validate(officesName, value, officesFile, faults)?.offices ?? {};
}

/** Parses the networks and their postures. Adds the faults of their file. */
export function networksOf(texts: WorkflowTexts, faults: Fault[]): Networks {
  const value = parseYaml(networksName, texts[networksName] ?? '', faults);
  return validate(networksName, value, networksFile, faults)?.networks ?? {};
}

/** Parses the triggers of duties to notify. Adds the faults of their file. */
export function triggersOf(texts: WorkflowTexts, faults: Fault[]): Triggers {
  const value = parseYaml(triggersName, texts[triggersName] ?? '', faults);
  return validate(triggersName, value, triggersFile, faults)?.triggers ?? {};
}

/** The ids of the clocks, or undefined if no clocks are declared. */
function clocksOf(texts: WorkflowTexts, faults: Fault[]): ReadonlySet<string> | undefined {
  const file = 'clocks.yaml';
  const text = texts[file];
  if (text === undefined) return undefined;
  const value = parseYaml(file, text, faults);
  const clocks: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'clocks') : {};
  return new Set(Object.keys(typeof clocks === 'object' && clocks !== null ? clocks : {}));
}

function parseYaml(file: string, text: string, faults: Fault[]): unknown {
  const document = parseDocument(text, { uniqueKeys: true, schema: 'core', version: '1.2' });
  for (const { message, linePos } of document.errors)
    faults.push({
      file,
      place: `line ${linePos?.[0].line ?? 1}`,
      value: 'text that is not YAML',
      remedy: message.split('\n')[0] ?? 'correct the syntax',
    });
  return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 });
}

function validate<Shape extends z.ZodType>(
  file: string,
  value: unknown,
  shape: Shape,
  faults: Fault[],
): z.infer<Shape> | undefined {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  faults.push(...faultsOfIssues(file, value, read.error.issues));
  return undefined;
}
