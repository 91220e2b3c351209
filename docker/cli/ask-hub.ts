import { z } from 'zod';
import { fetchToken } from '../trial/issuer/token.ts';
import { readState } from '../trial/state.ts';

const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** Who asks, in which picture. */
export type Asking = { readonly as: string; readonly picture: string };

/**
 * Asks the hub of the trial that runs here as one of its readers, like any client. Throws where none runs, and with the
 * hub's words where it has any.
 */
export async function askHub<Shape extends z.ZodType>(
  home: string,
  who: Asking,
  asked: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> },
  shape: Shape,
): Promise<z.infer<Shape>> {
  const state = await readState(home);
  if (state === null) throw new Error('no trial is running here: `npm start` first, in another terminal');
  const { accessToken } = await fetchToken({ issuer: state.issuer, home, ...who });
  const response = await fetch(state.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(asked),
  });
  const { data, errors = [] } = answerShape.parse(await response.json());
  if (errors[0] !== undefined) throw new Error(`the hub answers ${who.as}: ${errors[0].message}`);
  return shape.parse(data);
}
