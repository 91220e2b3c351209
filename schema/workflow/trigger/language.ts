import { z } from 'zod';

const sentence = z.string().min(3).max(600);
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);
const some = z.array(slug).min(1);

/** The shape of `triggers.yaml`. */
export const triggersFile = z.strictObject({
  format: z.literal('jcu-triggers/1'),
  triggers: z.record(
    slug,
    z.strictObject({
      title: z.string().min(3).max(100),
      event: sentence.describe('The event after which others must be notified, as a sentence.'),
      notified: sentence.describe('The organisations that are notified, as a sentence.'),
      recipients: z
        .strictObject({
          roles: some
            .optional()
            .describe('Roles whose organisations are notified (schema/policy/domain.yaml).'),
          networks: some.optional().describe('Networks of networks.yaml that are notified.'),
        })
        .refine(({ roles, networks }) => roles !== undefined || networks !== undefined)
        .optional()
        .describe(
          'The recipients as far as roles and networks say them. No code names recipients by them yet.',
        ),
      by: z
        .array(
          z
            .strictObject({
              roles: some.optional().describe('Roles of the registry (schema/policy/domain.yaml).'),
              office: slug.optional().describe('An office of offices.yaml that the person must hold.'),
            })
            .refine(({ roles, office }) => roles !== undefined || office !== undefined),
        )
        .min(1)
        .optional()
        .describe(
          'The persons who open the duty, one entry for each possibility. Without it, no person does.',
        ),
      clock: slug
        .optional()
        .describe('A clock of clocks.yaml, counted from the event. Without it, the duty has no due time.'),
      when: sentence.describe('By when, in words.'),
      basis: sentence.describe('The law or practice behind the duty.'),
      nature: z.enum(['duty', 'prompt']).describe('`duty`: they must be notified. `prompt`: they can be.'),
    }),
  ),
});
/** The triggers of duties to notify by name. */
export type Triggers = z.infer<typeof triggersFile>['triggers'];
