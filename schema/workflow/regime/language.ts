import { z } from 'zod';

/** The kinds of stage of a notification file. */
export const stageKinds = [
  'early-warning',
  'incident-notification',
  'vulnerability-notification',
  'initial',
  'intermediate',
  'progress',
  'final',
  'detailed',
] as const;
/** A kind of stage. */
export type StageKind = (typeof stageKinds)[number];

/** The times that a file states and from which clocks of stages count. */
export const startTimes = ['awareAt', 'classifiedAt', 'measureAt', 'handledAt'] as const;

const sentence = z.string().min(3).max(600);
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);

const stage = z.strictObject({
  kind: z.enum(stageKinds),
  clock: slug.describe('A clock of clocks.yaml.'),
  variant: slug.optional().describe('The variant of the clock that applies.'),
  from: z
    .enum([...startTimes, ...stageKinds])
    .describe('The start event: a time that the file states, or the submission of an earlier stage.'),
  afterProgress: slug
    .optional()
    .describe(
      'The regime knows a progress report in place of this stage while the incident runs. The clock of the stage that follows it, counted from the end of the handling.',
    ),
});

/** The shape of `regimes.yaml`. */
export const regimesFile = z.strictObject({
  format: z.literal('jcu-regimes/1'),
  regimes: z.record(
    slug,
    z.strictObject({
      is: sentence.describe('The reporting entity, the incident and the recipient, as a sentence.'),
      law: z.string().min(2).max(40).describe('The name of the law in the field `regime` of a file.'),
      keptBy: sentence.optional().describe('The body that keeps the files, if ENISA does not have them.'),
      onRequest: z
        .literal(true)
        .optional()
        .describe('The authority that received the notification can ask for an intermediate report.'),
      stages: z.array(stage).describe('The stages in their order.'),
    }),
  ),
});
/** The parsed `regimes.yaml`. */
export type RegimesFile = z.infer<typeof regimesFile>;
/** A regime of a notification file. */
export type Regime = RegimesFile['regimes'][string];
/** A stage that a regime demands. */
export type RegimeStage = Regime['stages'][number];
