import { z } from 'zod';

/** The most agreements of one request. */
export const maxAgreements = 200;

const idForm = /^Agreement:[\w-]{1,100}$/;
const id = z.string().regex(idForm);

/** The body of `POST /agreements`: the ids of the records whose state the hub asks for. */
const request = z.strictObject({ records: z.array(id).max(maxAgreements) });

/**
 * The answer: the state of each agreement that exists and is worked by moves, at the time of the answer. `version` grows
 * with each move. `endsAt` is the end of an agreement that is in force: from then on it gives no right, even without another answer.
 */
const response = z.strictObject({
  agreements: z
    .array(
      z.strictObject({
        record: id,
        state: z.string().regex(/^[a-z-]{1,60}$/),
        version: z.int().min(1),
        endsAt: z.iso.datetime().nullable(),
      }),
    )
    .max(maxAgreements),
});

/** The states of agreements, as the joint unit reports them to the hub. */
export type AgreementStates = z.infer<typeof response>;

/** Returns whether a text is the id of an agreement's record. */
export function isAgreementId(text: unknown): text is string {
  return typeof text === 'string' && idForm.test(text);
}

/** Returns the ids in the body of a request; null for any other body. */
export function readAgreementRequest(body: unknown): readonly string[] | null {
  const read = request.safeParse(body);
  return read.success ? read.data.records : null;
}

/** Returns the states in an answer. Throws for any other answer. */
export function readAgreementStates(body: unknown): AgreementStates {
  return response.parse(body);
}
