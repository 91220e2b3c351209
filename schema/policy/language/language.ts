import { z } from 'zod';
import { communities, handlingCodes, purposes } from '../../record/vocabulary.ts';
import { type Action, actions, recordDimensions, type Relation, relations } from './domain.ts';

/**
 * The policy's language: what its YAML files may say. Every word is of a closed vocabulary; a word that is none, a
 * member too many and an empty list are refused. `policy.schema.json` is made from these shapes, for editors.
 */

const actionNames = Object.keys(actions) as [Action, ...Action[]];
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);
const typeName = z.string().regex(/^[A-Z][A-Za-z0-9]{0,79}$/);
const sentence = z.string().min(10).max(600);
const some = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).min(1);

const readerClass = z
  .strictObject({
    is: sentence.describe('What the class means, in words.'),
    roles: some(slug).optional().describe('Any of these roles, from the registry.'),
    organisations: some(slug).optional().describe('A member of any of these organisations of the registry.'),
    client: z.enum(['person', 'machine']).optional().describe('How the token was got.'),
    strong: z.boolean().optional().describe('A natural person on screen with strong authentication.'),
    purposes: some(z.enum(purposes)).optional().describe('The stated purpose is any of these.'),
  })
  .describe('A class of reader: all that is said must hold.');

const kind = z.strictObject({
  community: z.enum([...communities, 'hub']),
  announced: z.boolean().optional().describe('A record of a community that is still to come.'),
  groups: some(slug).describe('The groups of its fields; every record has "content".'),
});

/** `domain.yaml`: the words that rules are made of. */
export const domainFile = z.strictObject({
  format: z.literal('jcu-policy-domain/1'),
  version: z.int().min(1).describe('Grows with every change of any file of the policy.'),
  roles: z.record(slug, sentence),
  readers: z.record(slug, readerClass),
  kinds: z.record(typeName, kind),
  collections: z.record(slug, some(typeName)).describe('Names for several kinds of record.'),
  groups: z.record(slug, sentence).describe('Groups of fields.'),
  facts: z.record(slug, some(slug)).describe('Facts that an envelope may state, with their values.'),
});
export type DomainFile = z.infer<typeof domainFile>;

const codes = z.union([
  z.strictObject({ within: z.array(z.enum(handlingCodes)) }).describe('No code but these.'),
  z.strictObject({ any: some(z.enum(handlingCodes)) }).describe('At least one of these.'),
]);

const { codes: _codes, ...plainDimensions } = recordDimensions;
const when = z
  .strictObject({
    ...(Object.fromEntries(
      Object.entries(plainDimensions).map(([name, values]) => [name, some(z.enum([...values])).optional()]),
    ) as unknown as Record<keyof typeof plainDimensions, z.ZodOptional<z.ZodArray<z.ZodString>>>),
    codes: codes.optional(),
    facts: z
      .record(slug, some(slug))
      .optional()
      .describe('Facts of the record; "unset" where it states none.'),
  })
  .describe('What the record must be: all that is said must hold.');

const rule = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9-]{0,15}\d{2}[a-z]?$/),
  effect: z.enum(['permit', 'prohibit']),
  who: some(slug).describe('Classes of reader: all must hold. "anyone" is every token holder.'),
  being: z
    .enum(relations as unknown as [Relation, ...Relation[]])
    .describe('How the reader stands to the record.'),
  may: some(z.enum(actionNames)),
  kinds: some(z.string()).describe('Kinds of record or collections of them; "all".'),
  groups: some(slug).describe('Groups of fields; "all".'),
  when: when.optional(),
  because: sentence.describe('The reason, in words that can be read aloud.'),
  source: z.string().min(3).max(200),
});

/** `baseline.yaml` (owner `joint`) and a file for each community that has rules of its own. */
export const rulesFile = z.strictObject({
  format: z.literal('jcu-policy-rules/1'),
  owner: z.enum(['joint', ...communities]),
  rules: some(rule),
});
export type RuleText = z.infer<typeof rule>;

const fieldList = z.array(z.string().regex(/^[a-z_][A-Za-z0-9_]*(\([a-zA-Z,]+\))?$/)).min(1);

const placePath = z
  .string()
  .regex(new RegExp(`^([A-Z][A-Za-z0-9]*\\.)?[a-z][a-z0-9-]*(!(${actionNames.join('|')}))?$`));

/** `coordinates.yaml`: which group every coordinate of the graph belongs to. */
export const coordinatesFile = z.strictObject({
  format: z.literal('jcu-policy-coordinates/1'),
  types: z.record(
    typeName,
    z.strictObject({
      nature: z.enum(['door', 'record', 'shared', 'envelope', 'part', 'input']),
      fields: z
        .record(placePath, fieldList)
        .describe(
          'Fields with the arguments that they take, by `group` or `Kind.group`; `!action` where it is not to read.',
        ),
    }),
  ),
});
export type CoordinatesFile = z.infer<typeof coordinatesFile>;
