import { z } from 'zod';

const sentence = z.string().min(3).max(600);
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);

/** The shape of `networks.yaml`. */
export const networksFile = z.strictObject({
  format: z.literal('jcu-networks/1'),
  networks: z.record(
    slug,
    z.strictObject({
      title: z.string().min(3).max(100),
      is: sentence.describe('The meaning of its postures, as a sentence.'),
      postures: z
        .record(slug, sentence)
        .refine((list) => Object.keys(list).length > 0)
        .describe('The postures of the network, each with its meaning.'),
      decidedBy: sentence.describe('The body that decides on the posture, as a sentence.'),
      recordedBy: z
        .array(
          z
            .strictObject({
              roles: z
                .array(slug)
                .min(1)
                .optional()
                .describe('Roles of the registry (schema/policy/domain.yaml).'),
              office: slug.optional().describe('An office of offices.yaml that the person must hold.'),
            })
            .refine(({ roles, office }) => roles !== undefined || office !== undefined),
        )
        .min(1)
        .describe('The persons who can record a posture, one entry for each possibility.'),
      basis: sentence.describe('The law or practice behind the postures.'),
    }),
  ),
});
/** The networks by name. */
export type Networks = z.infer<typeof networksFile>['networks'];
