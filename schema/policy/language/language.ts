import { z } from 'zod';
import { communities, handlingCodes, purposes } from '../../record/vocabulary.ts';
import { type Action, actions, recordDimensions, type Relation, relations } from './domain.ts';

/**
 * The shapes of the policy's YAML files. Vocabularies are closed: an unknown word, an unknown member and an empty list
 * are rejected. `npm run compose` generates `domain.schema.json`, `rules.schema.json` and `coordinates.schema.json`
 * from these shapes, for editors.
 */

const actionNames = Object.keys(actions) as [Action, ...Action[]];
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);
const typeName = z.string().regex(/^[A-Z][A-Za-z0-9]{0,79}$/);
const sentence = z.string().min(10).max(600);
const some = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).min(1);

const readerClass = z
  .strictObject({
    is: sentence.describe('The meaning of the class, as a sentence.'),
    roles: some(slug).optional().describe('The reader has at least one of these roles in the registry.'),
    organisations: some(slug)
      .optional()
      .describe('The reader is a member of one of these organisations of the registry.'),
    client: z.enum(['person', 'machine']).optional().describe('The kind of client that obtained the token.'),
    strong: z
      .boolean()
      .optional()
      .describe('The reader is a natural person in an interactive client, with strong authentication.'),
    purposes: some(z.enum(purposes)).optional().describe('The stated purpose is one of these.'),
  })
  .describe('A class of reader. A reader is in the class if all its conditions match.');

const kind = z.strictObject({
  community: z.enum([...communities, 'hub']),
  announced: z
    .boolean()
    .optional()
    .describe('The kind is planned: its community does not serve such records yet.'),
  groups: some(slug).describe('The groups of fields of this kind. Every record has "content".'),
});

/** The shape of `domain.yaml`: the vocabulary of the rules. */
export const domainFile = z.strictObject({
  format: z.literal('jcu-policy-domain/1'),
  version: z.int().min(1).describe('The policy version. Raise it with every change of a policy file.'),
  roles: z.record(slug, sentence),
  readers: z.record(slug, readerClass),
  kinds: z.record(typeName, kind),
  collections: z.record(slug, some(typeName)).describe('Collections: names for several kinds of record.'),
  groups: z.record(slug, sentence).describe('Groups of fields, each with its meaning.'),
  facts: z
    .record(slug, some(slug))
    .describe('Facts that the envelope of a record can state, with their values.'),
});
/** The parsed `domain.yaml`. */
export type DomainFile = z.infer<typeof domainFile>;

const codes = z.union([
  z
    .strictObject({ within: z.array(z.enum(handlingCodes)) })
    .describe('The record has no handling codes other than these.'),
  z
    .strictObject({ any: some(z.enum(handlingCodes)) })
    .describe('The record has at least one of these handling codes.'),
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
      .describe('Values of declared facts. "unset" matches a record that does not state the fact.'),
  })
  .describe('Conditions on the record. All of them must match.');

const rule = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9-]{0,15}\d{2}[a-z]?$/),
  effect: z.enum(['permit', 'prohibit']),
  who: some(slug).describe(
    'Classes of reader. The reader must be in all of them. "anyone" is every authenticated reader.',
  ),
  being: z
    .enum(relations as unknown as [Relation, ...Relation[]])
    .describe('The relation of the reader to the record.'),
  may: some(z.enum(actionNames)),
  kinds: some(z.string()).describe('Kinds of record or collections of kinds. "all" is every kind.'),
  groups: some(slug).describe('Groups of fields. "all" is every group.'),
  when: when.optional(),
  announced: z
    .literal(true)
    .optional()
    .describe('The rule decides nothing yet: the graph has no coordinate for its actions.'),
  because: sentence.describe('The reason for the rule, as a sentence.'),
  source: z.string().min(3).max(200),
});

/** The shape of `baseline.yaml` (owner `joint`) and of `<community>.yaml`, the rules of one community. */
export const rulesFile = z.strictObject({
  format: z.literal('jcu-policy-rules/1'),
  owner: z.enum(['joint', ...communities]),
  rules: some(rule),
});
/** A rule as its file states it. */
export type RuleText = z.infer<typeof rule>;

const fieldList = z.array(z.string().regex(/^[a-z_][A-Za-z0-9_]*(\([a-zA-Z,]+\))?$/)).min(1);

const placePath = z
  .string()
  .regex(new RegExp(`^([A-Z][A-Za-z0-9]*\\.)?[a-z][a-z0-9-]*(!(${actionNames.join('|')}))?$`));

/** The shape of `coordinates.yaml`: the group of every coordinate of the graph. */
export const coordinatesFile = z.strictObject({
  format: z.literal('jcu-policy-coordinates/1'),
  types: z.record(
    typeName,
    z.strictObject({
      nature: z.enum(['door', 'record', 'shared', 'envelope', 'part', 'input']),
      fields: z
        .record(placePath, fieldList)
        .describe(
          'Fields with their arguments, by `group` or `Kind.group`. `!action` is added if the action is not `read`.',
        ),
    }),
  ),
});
/** The parsed `coordinates.yaml`. */
export type CoordinatesFile = z.infer<typeof coordinatesFile>;
