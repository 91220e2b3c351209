import { indicatorTypeOf } from '../../schema/record/indicator-form.ts';
import { indicatorKey, vulnerabilityKey, withoutType } from '../../schema/record/keys.ts';
import { readSearchKey } from '../../schema/record/search-key.ts';
import { jointCaseKey } from '../../schema/record/shared-types.ts';
import type { Names } from '../registry/names.ts';

type EntityReference = { readonly __typename: string; readonly id: string };
type Context = { readonly names: Names };

/** The most words of a text that are compared with the forms of identifiers. */
const maxWords = 20;

/** The shared entities that the text of a search names. No store is read for them. */
export const searchResolvers = {
  text: ({ id }: EntityReference) => textOf(id),
  vulnerabilities: ({ id }: EntityReference, _: unknown, { names }: Context) =>
    referencesTo('Vulnerability', id, (word) => {
      const key = vulnerabilityKey(word);
      return key === null ? null : vulnerabilityKey(names.vulnerability(withoutType(key)));
    }),
  threatActors: ({ id }: EntityReference, _: unknown, { names }: Context) =>
    references(
      'ThreatActor',
      names.actorsNamed(textOf(id).replaceAll('"', ' ')).filter((key) => names.actor(key) !== null),
    ),
  indicators: ({ id }: EntityReference) =>
    referencesTo('Indicator', id, (word) => {
      const type = vulnerabilityKey(word) === null ? indicatorTypeOf(word) : null;
      return type === null ? null : indicatorKey(type, word);
    }),
  jointCases: ({ id }: EntityReference) => referencesTo('JointCase', id, jointCaseKey),
};

function referencesTo(type: string, id: string, keyOf: (word: string) => string | null) {
  const words = textOf(id)
    .split(/[\s",;]+/u)
    .filter((word) => word !== '');
  return references(
    type,
    words.slice(0, maxWords).flatMap((word) => keyOf(word) ?? []),
  );
}

function references(type: string, keys: readonly string[]): readonly EntityReference[] {
  return [...new Set(keys)].map((id) => ({ __typename: type, id }));
}

function textOf(id: string): string {
  return readSearchKey(id)?.text ?? '';
}
