import { purposes } from '../../../schema/record/vocabulary.ts';
import type { Purpose } from '../../../schema/record/vocabulary.ts';
import type { TrialReader } from './readers.ts';

/** The purpose (one at most) and the picture (exactly one) that the scopes of a request state. */
export type Stated = { readonly purpose: Purpose | null; readonly picture: string };

/** The reason and the scope of an `invalid_scope` error (RFC 6749 section 5.2). */
export type ScopeRefusal = { readonly refused: string; readonly scope: string };

/** The one exercise of the trial. */
export const trialExercise = 'exercise:trial-2026';

const pictures: readonly string[] = ['real', trialExercise];

/** The scopes of the hub, in the syntax of RFC 6749 section 3.3. */
export const hubScopes: readonly string[] = [
  ...purposes.map((purpose) => `purpose:${purpose}`),
  ...pictures.map((picture) => `picture:${picture}`),
];

/** Reads the scopes of a request. The picture is the exercise unless the real one is requested; never both. */
export function readScopes(scope: string): Stated | ScopeRefusal {
  const asked = stated(scope, 'purpose:');
  const shown = stated(scope, 'picture:');
  const unknown = [...asked, ...shown].find((one) => !hubScopes.includes(one));
  if (unknown !== undefined) {
    return {
      refused: `there is no scope ${unknown}; expected one of ${hubScopes.join(', ')}`,
      scope: unknown,
    };
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

/** Returns a refusal if the reader was not granted the purpose. It lists the granted purposes. */
export function refuseUngranted(asked: Stated, reader: TrialReader): ScopeRefusal | undefined {
  if (asked.purpose === null || reader.purposes.includes(asked.purpose)) return undefined;
  const granted = reader.purposes.length > 0 ? reader.purposes.join(', ') : 'none';
  const refused = `${reader.as} may not state the purpose ${asked.purpose}; granted: ${granted}`;
  return { refused, scope: `purpose:${asked.purpose}` };
}

/** Adds the default picture to the scopes, so that the token response names every granted scope. */
export function withPicture(scope: string, asked: Stated): string {
  return [...new Set([...scope.split(' ').filter(Boolean), `picture:${asked.picture}`])].join(' ');
}
