import type { ValueFile } from '../language/language.ts';
import type { Workflow } from '../language/load.ts';
import { choiceType, enumValue } from './names.ts';

/** Returns the enumerations of the facts of a workflow. */
export function choicesOf(of: Workflow): readonly string[] {
  const facts = Object.entries(of.facts).map(([name, value]) => ({
    name,
    value,
    type: choiceType(of, name),
  }));
  return facts.flatMap(({ value, type }) => (value.choices === undefined ? [] : [choiceSdl(type, value)]));
}

/** Returns the enumeration of a value with choices. */
export function choiceSdl(type: string, { is, choices = [] }: ValueFile): string {
  return enumeration(
    type,
    is,
    Object.fromEntries(
      choices.map((choice) => [choice, `${enumValue(choice).replaceAll('_', ' ').toLowerCase()}.`]),
    ),
  );
}

/** Returns the type of a value in the graph. `move` is the move that it is an input of. */
export function typeOf(of: Workflow, name: string, { type }: ValueFile, move?: string): string {
  if (type === 'choice') return choiceType(of, name, move);
  return types[type];
}

const types: Readonly<Record<Exclude<ValueFile['type'], 'choice'>, string>> = {
  text: 'String',
  instant: 'DateTime',
  boolean: 'Boolean',
  number: 'Float',
  organisation: 'ID',
  organisations: '[ID!]',
  person: 'String',
  persons: '[String!]',
  'member-state': 'ID',
  'member-states': '[ID!]',
  record: 'ID',
  records: '[ID!]',
  items: '[String!]',
};

/** Returns an enumeration with a description of each value. */
export function enumeration(type: string, is: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, text]) => `  ${quote(text)}\n  ${enumValue(name)}`);
  return `${quote(is)}\nenum ${type} {\n${lines.join('\n')}\n}\n`;
}

/** Returns a sentence as a description in SDL. */
export function quote(text: string): string {
  const [first = '', ...rest] = text.trim();
  const sentence = `${first.toUpperCase()}${rest.join('')}`;
  return JSON.stringify(sentence.endsWith('.') ? sentence : `${sentence}.`);
}
