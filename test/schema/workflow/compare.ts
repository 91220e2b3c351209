import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { policyFolder } from '../../../schema/policy/decide/load.ts';
import { statesTo } from '../../../schema/workflow/language/check-states.ts';
import type { MoveFile, StateFile, WhoFile } from '../../../schema/workflow/language/language.ts';
import {
  readWorkflowTexts,
  type Workflow,
  workflowsOfTexts,
} from '../../../schema/workflow/language/load.ts';
import { parseSource, type SourceMove, type SourceSection, type SourceState } from './source.ts';

/** Differences that have a reason. */
const explanationsFile = z.array(
  z.strictObject({ differences: z.array(z.string()).min(1), because: z.string() }),
);

/** Returns each difference between the tables of a Markdown text and the declarations, as a line. */
export function compareWithSource(text: string, workflows: readonly Workflow[]): readonly string[] {
  const sections = parseSource(text);
  const roles = Object.keys(z.object({ roles: z.record(z.string(), z.string()) }).parse(readDomain()).roles);
  const numbers = new Set(workflows.map(({ section }) => section));
  return [...numbers].toSorted().flatMap((number) => {
    const own = workflows.filter(({ section }) => section === number);
    const source = sections.find(({ section }) => section === number);
    if (source === undefined) return [`${number}: the source has no section of this number`];
    return [...compareStates(source, own), ...compareMoves(source, own, roles)];
  });
}

function readDomain(): unknown {
  return parse(readFileSync(join(policyFolder, 'domain.yaml'), 'utf8'));
}

/** Compares each list of states with the workflow that shares most names with it. */
function compareStates(
  { section, states }: SourceSection,
  workflows: readonly Workflow[],
): readonly string[] {
  const pairs = states.map((list) => [list, closest(list, workflows)] as const);
  const missing = workflows.filter(({ name }) => !pairs.some(([, workflow]) => workflow?.name === name));
  return [
    ...pairs.flatMap(([list, workflow]) => (workflow === undefined ? [] : compareList(list, workflow))),
    ...missing.map(({ name }) => `${section} ${name}: the source lists no states`),
  ];
}

function closest(list: readonly SourceState[], workflows: readonly Workflow[]): Workflow | undefined {
  const shared = (workflow: Workflow) =>
    list.filter(({ name }) => Object.hasOwn(workflow.states, name)).length;
  return workflows.toSorted((a, b) => shared(b) - shared(a))[0];
}

function compareList(list: readonly SourceState[], { section, name, states }: Workflow): readonly string[] {
  const place = `${section} ${name}: state`;
  const known = new Map(list.map((state) => [state.name, state.flags]));
  return [
    ...list.flatMap((state) => {
      const declared = states[state.name];
      if (declared === undefined) return [`${place} ${state.name} is not declared`];
      const flags = flagsOf(declared);
      return flags === state.flags
        ? []
        : [`${place} ${state.name} has the flags ${show(flags)}, in the source ${show(state.flags)}`];
    }),
    ...Object.keys(states)
      .filter((state) => !known.has(state))
      .map((state) => `${place} ${state} is not in the source`),
  ];
}

function flagsOf({ initial, final, computed }: StateFile): string {
  return `${initial === true ? 'i' : ''}${final === true ? 'f' : ''}${computed === undefined ? '' : 't'}`;
}

function show(flags: string): string {
  return flags === '' ? '-' : flags;
}

/** A declared move with its workflow. */
type Declared = { readonly move: MoveFile; readonly workflow: Workflow };

function compareMoves(
  { section, moves }: SourceSection,
  workflows: readonly Workflow[],
  roles: readonly string[],
): readonly string[] {
  const declared = workflows.flatMap((workflow) =>
    Object.values(workflow.moves).map((move): Declared => ({ move, workflow })),
  );
  const known = new Set(moves.map(({ id }) => id));
  const added = new Set(declared.map(({ move }) => move.id).filter((id) => !known.has(id)));
  return [
    ...moves.flatMap((row) => {
      const own = declared.filter(({ move }) => move.id === row.id);
      if (own.length === 0) return [`${section} ${row.id}: is not declared`];
      return [...compareEdges(row, own), ...comparePersons(row, own, roles)].map(
        (difference) => `${section} ${row.id}: ${difference}`,
      );
    }),
    ...[...added].map((id) => `${section} ${id}: is not in the source`),
  ];
}

function compareEdges({ edges }: SourceMove, declared: readonly Declared[]): readonly string[] {
  const own = new Set(declared.flatMap(({ move }) => edgesOf(move)));
  return [
    ...edges.filter((edge) => !own.has(edge)).map((edge) => `${edge} is not declared`),
    ...[...own].filter((edge) => !edges.includes(edge)).map((edge) => `${edge} is not in the source`),
  ];
}

function edgesOf(move: MoveFile): readonly string[] {
  const from = typeof move.from === 'string' ? [move.from === 'any' ? '*' : '-'] : move.from;
  const to = statesTo(move);
  const stays = move.from === 'none' ? '-' : '=';
  return from.flatMap((one) => (to.length === 0 ? [stays] : to).map((other) => `${one} -> ${other}`));
}

/** Compares roles by their numbers, the system, the clock, relations by their names, and the second person. */
function comparePersons(
  { who }: SourceMove,
  declared: readonly Declared[],
  roles: readonly string[],
): readonly string[] {
  const by = declared.flatMap(({ move }) => (typeof move.by === 'string' ? [] : move.by));
  const numbered = [...who.matchAll(/\bK(\d+)\b/g)].map(([, number]) => roles[Number(number) - 1] ?? '');
  const stated = new Set(by.flatMap((one) => one.roles ?? []));
  const possible = new Set([
    ...stated,
    ...declared.flatMap(({ move, workflow }) => demanded(move, workflow)),
  ]);
  const named = declared.flatMap(({ workflow }) => Object.keys(workflow.relations));
  return [
    ...numbered.filter((role) => !possible.has(role)).map((role) => `the role ${role} is not declared`),
    ...(numbered.length === 0 ? [] : [...stated])
      .filter((role) => !numbered.includes(role))
      .map((role) => `the role ${role} is not in the source`),
    ...new Set(named.filter((name) => hasWord(who, name) && !hasRelation(by, name))),
    ...compareFlag(
      'the system',
      /\bsystem\b/.test(who),
      declared.some(({ move }) => move.by === 'system'),
    ),
    ...compareFlag(
      'the clock',
      /\bclock\b/.test(who),
      declared.some(({ move }) => move.by === 'clock'),
    ),
    ...compareFlag(
      'the second person',
      /second person/.test(who),
      declared.some(({ move }) => move.secondPerson !== undefined),
    ),
  ].map((difference) =>
    named.includes(difference) ? `the relation ${difference} is not declared` : difference,
  );
}

/** The roles that the relations of a move demand. */
function demanded({ by }: MoveFile, { relations }: Workflow): readonly string[] {
  if (typeof by === 'string') return [];
  return by.flatMap(({ relation = '' }) =>
    (relations[relation]?.who ?? []).flatMap((one) => one.roles ?? []),
  );
}

function hasWord(text: string, name: string): boolean {
  return new RegExp(`\\b${name.replaceAll('-', '[- ]')}\\b`).test(text);
}

function hasRelation(by: readonly WhoFile[], name: string): boolean {
  return by.some(({ relation }) => relation === name);
}

function compareFlag(name: string, inSource: boolean, isDeclared: boolean): readonly string[] {
  if (inSource === isDeclared) return [];
  return [`${name} is not ${inSource ? 'declared' : 'in the source'}`];
}

/** Returns the differences without an explanation, and the explanations without a difference. */
export function unexplained(differences: readonly string[], explanations: string): readonly string[] {
  const explained = new Set(explanationsFile.parse(parse(explanations)).flatMap((one) => one.differences));
  return [
    ...differences.filter((difference) => !explained.has(difference)),
    ...[...explained]
      .filter((difference) => !differences.includes(difference))
      .map((difference) => `explained, but not found: ${difference}`),
  ];
}

function main(file: string | undefined): void {
  if (file === undefined) throw new Error('State the Markdown file: npm run workflows:compare -- FILE');
  const workflows = [...workflowsOfTexts(readWorkflowTexts()).values()];
  const differences = compareWithSource(readFileSync(file, 'utf8'), workflows);
  const explanations = readFileSync(join(import.meta.dirname, 'differences.yaml'), 'utf8');
  const rest = unexplained(differences, explanations);
  for (const difference of rest) console.log(difference);
  const found = differences.length - rest.filter((line) => differences.includes(line)).length;
  console.log(`${workflows.length} workflows, ${differences.length} differences, ${found} explained`);
  if (rest.length > 0) process.exitCode = 1;
}

if (import.meta.main) main(process.argv[2]);
