import { purposes } from '../../../schema/record/vocabulary.ts';
import type { Purpose } from '../../../schema/record/vocabulary.ts';
import type { TrialReader } from './readers.ts';

/** Who the scopes of one request say that the reader wants to be: one purpose at most, exactly one picture. */
export type Stated = { readonly purpose: Purpose | null; readonly picture: string };

/** Why scopes are refused, and which; as RFC 6749 section 5.2 words `invalid_scope`. */
export type ScopeRefusal = { readonly refused: string; readonly scope: string };

/** The one exercise of the trial. */
export const trialExercise = 'exercise:trial-2026';

const pictures: readonly string[] = ['real', trialExercise];

/** Every scope that the hub knows, as RFC 6749 section 3.3 writes them. */
export const hubScopes: readonly string[] = [
  ...purposes.map((purpose) => `purpose:${purpose}`),
  ...pictures.map((picture) => `picture:${picture}`),
];

/** Reads the scopes of a request: the exercise is the picture unless the real one is asked for, never both. */
export function readScopes(scope: string): Stated | ScopeRefusal {
  const asked = stated(scope, 'purpose:');
  const shown = stated(scope, 'picture:');
  const unknown = [...asked, ...shown].find((one) => !hubScopes.includes(one));
  if (unknown !== undefined) {
    return { refused: `there is no scope ${unknown}; there are ${hubScopes.join(', ')}`, scope: unknown };
  }
  if (asked.length > 1) return { refused: 'a token states one purpose at most', scope: asked.join(' ') };
  if (shown.length > 1)
    return { refused: 'a token is for the real picture or for one exercise', scope: shown.join(' ') };
  const purpose = purposes.find((one) => `purpose:${one}` === asked[0]) ?? null;
  return { purpose, picture: shown[0]?.slice('picture:'.length) ?? trialExercise };
}

function stated(scope: string, prefix: string): readonly string[] {
  return [...new Set(scope.split(' '))].filter((one) => one.startsWith(prefix));
}

/** Refuses a purpose that this reader was not granted; the refusal lists those that are. */
export function refuseUngranted(asked: Stated, reader: TrialReader): ScopeRefusal | undefined {
  if (asked.purpose === null || reader.purposes.includes(asked.purpose)) return undefined;
  const granted = reader.purposes.length > 0 ? reader.purposes.join(', ') : 'none';
  const refused = `${reader.as} may not state the purpose ${asked.purpose}; granted: ${granted}`;
  return { refused, scope: `purpose:${asked.purpose}` };
}

/** The scopes with the picture that they stand for written out, so that the token response names what was granted. */
export function withPicture(scope: string, asked: Stated): string {
  return [...new Set([...scope.split(' ').filter(Boolean), `picture:${asked.picture}`])].join(' ');
}
