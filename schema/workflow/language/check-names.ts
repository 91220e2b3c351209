import { type Finding, findUnknown } from './faults.ts';
import type { InstantFile, MoveFile, ValueFile, WhoFile, WorkflowFile } from './language.ts';

/** The names that declarations may use and that other files declare. */
export type Vocabulary = {
  readonly roles: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly offices: ReadonlySet<string>;
  /** Undefined if no clocks are declared: then the names of clocks are not checked. */
  readonly clocks: ReadonlySet<string> | undefined;
};

type Values = Readonly<Record<string, ValueFile>>;

/** Returns a finding for each name in a declaration that nothing declares. */
export function checkNames(workflow: WorkflowFile, vocabulary: Vocabulary): readonly Finding[] {
  const known = { ...workflow.fields, ...workflow.facts };
  return [
    ...findUnknown(
      'kind',
      [workflow.kind],
      new Set(['any', 'none', ...vocabulary.kinds]),
      'a kind of domain.yaml',
    ),
    ...Object.entries(workflow.moves).flatMap(([name, move]) =>
      checkMove(`moves.${name}`, move, workflow, vocabulary),
    ),
    ...Object.entries(workflow.relations).flatMap(([name, { who = [], with: other, person }]) => [
      ...who.flatMap((one, at) => checkWho(`relations.${name}.who.${at}`, one, workflow, vocabulary)),
      ...relations(`relations.${name}.with`, other, workflow),
      ...findUnknown(
        `relations.${name}.person`,
        listOf(person),
        new Set(Object.keys(workflow.facts).filter((fact) => workflow.facts[fact]?.type === 'person')),
        'a fact of the type `person`',
      ),
    ]),
    ...Object.entries(workflow.details ?? {}).flatMap(([name, from]) => [
      ...relations('details', name, workflow),
      ...findUnknown(
        `details.${name}`,
        [from],
        new Set(['all', ...Object.keys(workflow.moves)]),
        '`all`, or a move of this file',
      ),
    ]),
    ...Object.entries(workflow.states).flatMap(([name, { computed }]) => [
      ...instants(`states.${name}.computed.at`, computed?.at, known, vocabulary),
      ...instants(`states.${name}.computed.before`, computed?.before?.at, known, vocabulary),
      ...instant(`states.${name}.computed.before.of`, computed?.before?.of, known),
      ...facts(`states.${name}.computed.since`, computed?.since, workflow.facts),
      ...facts(`states.${name}.computed.until`, computed?.until, workflow.facts),
      ...relations(`states.${name}.computed.obliges`, computed?.obliges, workflow),
    ]),
    ...Object.entries(workflow.reminders).flatMap(([name, { at, unless, obliges }]) => [
      ...instants(`reminders.${name}.at`, at, known, vocabulary),
      ...findUnknown(
        `reminders.${name}.unless`,
        listOf(unless),
        new Set(Object.keys(known)),
        'a fact or a field',
      ),
      ...relations(`reminders.${name}.obliges`, obliges, workflow),
    ]),
    ...relations('shownTo', workflow.shownTo, workflow),
    ...workflow.masks.flatMap((mask, at) => [
      ...relations(`masks.${at}.from`, mask.from, workflow),
      ...instants(`masks.${at}.at`, mask.at, known, vocabulary),
      ...facts(`masks.${at}.unless`, mask.unless, workflow.facts),
    ]),
  ];
}

function checkWho(
  place: string,
  { roles = [], office, relation }: WhoFile,
  workflow: WorkflowFile,
  vocabulary: Vocabulary,
): readonly Finding[] {
  return [
    ...findUnknown(`${place}.roles`, roles, vocabulary.roles, 'a role of schema/policy/domain.yaml'),
    ...findUnknown(`${place}.office`, listOf(office), vocabulary.offices, 'an office of offices.yaml'),
    ...relations(`${place}.relation`, relation, workflow),
  ];
}

function checkMove(
  place: string,
  move: MoveFile,
  workflow: WorkflowFile,
  vocabulary: Vocabulary,
): readonly Finding[] {
  const known = { ...workflow.fields, ...workflow.facts };
  return [
    ...(typeof move.by === 'string' ? [] : move.by).flatMap((who, at) =>
      checkWho(`${place}.by.${at}`, who, workflow, vocabulary),
    ),
    ...clocks(`${place}.clock`, listOf(move.clock), vocabulary),
    ...instants(`${place}.before`, move.before, known, vocabulary),
    ...instants(`${place}.at`, move.at, known, vocabulary),
    ...findUnknown(
      `${place}.once.all`,
      listOf(move.once?.all),
      new Set(Object.keys(known)),
      'a fact or a field',
    ),
    ...facts(`${place}.once.in`, move.once?.in, workflow.facts),
    ...Object.entries(move.sets ?? {}).flatMap(([name, value]) => [
      ...facts(`${place}.sets`, name, workflow.facts),
      ...clocks(`${place}.sets.${name}.clock`, clocksOf(value), vocabulary),
      ...instant(`${place}.sets.${name}.of`, startOf(value), { ...known, ...move.input }),
    ]),
    ...Object.entries(move.input).flatMap(([name, { notAfter, after }]) =>
      [notAfter, after].flatMap((other) =>
        other === 'move' ? [] : instant(`${place}.input.${name}`, other, { ...known, ...move.input }),
      ),
    ),
  ];
}

function clocksOf(value: NonNullable<MoveFile['sets']>[string]): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('clock' in value)) return [];
  return typeof value.clock === 'string' ? [value.clock] : Object.values(value.clock.clocks);
}

/** Returns the name of the instant from which the period of a setting is counted. */
function startOf(value: NonNullable<MoveFile['sets']>[string]): string | undefined {
  const hasClock = typeof value === 'object' && value !== null && 'clock' in value;
  return hasClock ? value.of : undefined;
}

function instants(
  place: string,
  value: InstantFile | undefined,
  known: Values,
  vocabulary: Vocabulary,
): readonly Finding[] {
  if (typeof value !== 'object') return instant(place, value, known);
  return [...clocks(`${place}.clock`, [value.clock], vocabulary), ...instant(`${place}.of`, value.of, known)];
}

function instant(place: string, name: string | undefined, known: Values): readonly Finding[] {
  const names = Object.entries(known).flatMap(([one, { type }]) => (type === 'instant' ? [one] : []));
  return findUnknown(place, listOf(name), new Set(names), 'an instant of `facts` or `fields`');
}

function facts(place: string, name: string | undefined, declared: Values): readonly Finding[] {
  return findUnknown(place, listOf(name), new Set(Object.keys(declared)), 'a fact of this file');
}

function clocks(place: string, ids: readonly string[], vocabulary: Vocabulary): readonly Finding[] {
  if (vocabulary.clocks === undefined) return [];
  return findUnknown(place, ids, vocabulary.clocks, 'a clock of clocks.yaml');
}

function relations(place: string, name: string | undefined, workflow: WorkflowFile): readonly Finding[] {
  const known = new Set(Object.keys(workflow.relations));
  return findUnknown(place, listOf(name), known, 'a relation of this file');
}

function listOf(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [name];
}
