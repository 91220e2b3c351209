import { type Finding, findUnknown } from './faults.ts';
import type { MoveFile, ValueFile, WorkflowFile } from './language.ts';

type Values = Readonly<Record<string, ValueFile>>;
type Condition = Readonly<Record<string, readonly string[]>>;

/** Returns a finding for each condition that can never hold, and for each value that does not fit its type. */
export function checkValues(workflow: WorkflowFile): readonly Finding[] {
  return [...findConditions(workflow), ...findOtherTypes(workflow), ...findChoices(workflow)];
}

function findConditions(workflow: WorkflowFile): readonly Finding[] {
  const known = { ...workflow.fields, ...workflow.facts };
  return [
    ...Object.entries(workflow.relations).flatMap(([name, { who = [] }]) =>
      who.flatMap(({ when }, at) => checkCondition(`relations.${name}.who.${at}.when`, when, known)),
    ),
    ...Object.entries(workflow.moves).flatMap(([name, move]) => [
      ...checkCondition(`moves.${name}.when`, move.when, known),
      ...conditionsOf(move).flatMap(([member, when]) =>
        checkCondition(`moves.${name}.${member}`, when, { ...known, ...move.input }),
      ),
    ]),
  ];
}

/** The conditions of a move that inputs can decide as well as facts. */
function conditionsOf({
  by,
  input,
  secondPerson,
  sets,
}: MoveFile): readonly [string, Condition | undefined][] {
  return [
    ...(typeof by === 'string' ? [] : by).map(({ when }, at): [string, Condition | undefined] => [
      `by.${at}.when`,
      when,
    ]),
    ...Object.entries(input).map(([name, { when }]): [string, Condition | undefined] => [
      `input.${name}.when`,
      when,
    ]),
    ...Object.entries(sets ?? {}).map(([name, value]): [string, Condition | undefined] => [
      `sets.${name}.clock.clocks`,
      choiceOf(value),
    ]),
    ['secondPerson.when', typeof secondPerson === 'object' ? secondPerson.when : undefined],
  ];
}

/** A clock for each value of a choice is a condition on that choice. */
function choiceOf(value: NonNullable<MoveFile['sets']>[string]): Condition | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('clock' in value))
    return undefined;
  if (typeof value.clock === 'string') return undefined;
  return { [value.clock.by]: Object.keys(value.clock.clocks) };
}

function checkCondition(place: string, when: Condition = {}, stated: Values): readonly Finding[] {
  return Object.entries(when).flatMap(([name, values]) => {
    const choices = stated[name]?.choices;
    return choices === undefined
      ? findUnknown(place, [name], new Set(choiceNames(stated)), 'a fact or an input that is a choice')
      : findUnknown(`${place}.${name}`, values, new Set(choices), 'a choice of it');
  });
}

function choiceNames(values: Values): readonly string[] {
  return Object.entries(values).flatMap(([name, { type }]) => (type === 'choice' ? [name] : []));
}

/** An input sets the fact of the same name. Both must have one type; the input can have fewer choices. */
function findOtherTypes(workflow: WorkflowFile): readonly Finding[] {
  return Object.entries(workflow.moves).flatMap(([name, move]) =>
    Object.entries(move.input).flatMap(([input, value]) => {
      const fact = workflow.facts[input];
      if (fact === undefined || fits(value, fact)) return [];
      return [
        {
          place: `moves.${name}.input.${input}.type`,
          value: typeText(value),
          remedy: `write the type of the fact ${input}, ${typeText(fact)}, or give the input another name`,
        },
      ];
    }),
  );
}

function fits(input: ValueFile, fact: ValueFile): boolean {
  const choices = fact.choices;
  if (input.type !== fact.type || choices === undefined) return input.type === fact.type;
  return input.choices?.every((choice) => choices.includes(choice)) === true;
}

function typeText({ type, choices }: ValueFile): string {
  return choices === undefined ? type : `${type} of ${choices.join(', ')}`;
}

function findChoices(workflow: WorkflowFile): readonly Finding[] {
  const values: readonly (readonly [string, ValueFile])[] = [
    ...Object.entries(workflow.fields).map(([name, value]) => [`fields.${name}`, value] as const),
    ...Object.entries(workflow.facts).map(([name, value]) => [`facts.${name}`, value] as const),
    ...Object.entries(workflow.moves).flatMap(([name, { input }]) =>
      Object.entries(input).map(([one, value]) => [`moves.${name}.input.${one}`, value] as const),
    ),
  ];
  return values
    .filter(([, { type, choices }]) => (type === 'choice') !== (choices !== undefined))
    .map(([place, { type }]) => ({
      place: `${place}.choices`,
      value: type === 'choice' ? 'no choices' : `choices of the type ${type}`,
      remedy: type === 'choice' ? 'list the permitted values' : 'remove `choices`, or write `type: choice`',
    }));
}
