import { z } from 'zod';

/** The small shapes that the members of a workflow's YAML file are made of. */

export const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);
export const memberName = z.string().regex(/^[a-z][A-Za-z0-9]{0,59}$/);
export const typeName = z.string().regex(/^[A-Z][A-Za-z0-9]{0,79}$/);
export const sentence = z.string().min(3).max(600);
export const some = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).min(1);

/** The types of values that a move states. */
export const valueTypes = [
  'text',
  'instant',
  'boolean',
  'number',
  'choice',
  'organisation',
  'organisations',
  'person',
  'persons',
  'member-state',
  'member-states',
  'record',
  'records',
  'items',
] as const;

export const condition = z
  .record(memberName, some(slug))
  .describe('Values of facts or inputs: each that is named must have one of the values.');

export const value = z.strictObject({
  type: z.enum(valueTypes),
  is: sentence.describe('The meaning of the value, as a sentence.'),
  choices: some(slug).optional().describe('The permitted values of a choice.'),
});

export const instant = z
  .union([
    memberName.describe('A fact or a field of the record that is an instant. Without a value it is never.'),
    z
      .strictObject({ clock: slug.describe('A clock of clocks.yaml.'), of: memberName.optional() })
      .describe(
        'The end of a period: of the clock, counted from the fact `of`, or from the last change of state.',
      ),
  ])
  .describe('An instant that the workflow knows.');
