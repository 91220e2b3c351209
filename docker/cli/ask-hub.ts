import { z } from 'zod';
import { fetchToken } from '../trial/issuer/token.ts';
import { noTrial, readState } from '../trial/state.ts';

const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** The trial's reader who asks, and the picture to ask in. */
export type Asking = { readonly as: string; readonly picture: string };

/**
 * Sends an operation to the running trial's hub as one of its readers, like any client. Throws if no trial runs, or with
 * the message of the first GraphQL error.
 */
export async function askHub<Shape extends z.ZodType>(
  home: string,
  asking: Asking,
  operation: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> },
  shape: Shape,
): Promise<z.infer<Shape>> {
  const state = await readState(home);
  if (state === null) throw noTrial(home);
  const { accessToken } = await fetchToken({ issuer: state.issuer, home, ...asking });
  const response = await fetch(state.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(operation),
  });
  const answer = answerShape.safeParse(await response.json().catch(() => undefined));
  const [error] = answer.data?.errors ?? [];
  if (error !== undefined) throw new Error(`the hub refused ${asking.as}: ${error.message}`);
  const data = shape.safeParse(answer.data?.data);
  if (data.success) return data.data;
  throw new Error(
    `expected an answer of this version's shape from ${state.url}, got another (status ${response.status}): ` +
      'restart the trial with `npm start`',
  );
}
