import { handlingCodes } from '../../record/vocabulary.ts';
import { recordDimensions, unset } from '../language/domain.ts';
import type { PolicySource, Rule } from '../language/rules.ts';

/** A rule as a sentence that can be read aloud: who, being, may, what, when, because, source. */
export function readAloud(rule: Rule, source: PolicySource): string {
  const [verb, last] = rule.effect === 'permit' ? ['may', 'and'] : ['may not', 'or'];
  const groups = inWords([...rule.groups], Object.keys(source.domain.groups), 'every group');
  const when = rule.when.size === 0 ? '' : ` when ${conditionsInWords(rule).join(', and ')},`;
  return (
    `${whoInWords(rule)}${beingInWords(rule)} ${verb} ${listed([...rule.actions], last)} ${groups} of ` +
    `${kindsInWords(rule, source)}${when.replace(/,$/, '')}, because: ${rule.because} (${rule.source})`
  );
}

/** Which readers a rule speaks of. */
export function whoInWords(rule: Pick<Rule, 'classes'>): string {
  return rule.classes.length === 0 ? 'anyone' : listed(rule.classes, 'and at once');
}

function beingInWords({ relation }: Rule): string {
  return relation === 'anyone' ? '' : `, being ${relation},`;
}

/** What a rule asks of a record, each condition by itself. */
export function conditionsInWords(rule: Pick<Rule, 'when'>): readonly string[] {
  return [...rule.when].map(([dimension, values]) => conditionInWords(dimension, [...values]));
}

/** One condition on a record: the dimension and the values that it takes. */
export function conditionInWords(dimension: string, values: readonly string[]): string {
  if (dimension === 'codes') return codesInWords(new Set(values));
  return `${dimensionInWords(dimension)} is ${listed(values, 'or')}`;
}

const names: Readonly<Record<string, string>> = {
  picture: 'its picture, beside the reader’s,',
  marking: 'its marking',
  classification: 'its classification',
  tlp: 'its TLP',
  opens: 'the widest that colour and audience open it to',
  pap: 'its PAP',
  distribution: 'its distribution',
  codes: 'its handling codes',
  restrictions: 'its list of further restrictions',
  embargo: 'its embargo',
  state: 'its state',
};

/** The name of a dimension of a record. */
export function dimensionInWords(dimension: string): string {
  return Object.hasOwn(names, dimension)
    ? (names[dimension] ?? dimension)
    : dimension.replace(/^fact:/, 'its ');
}

/** The value of a dimension: an empty set of codes and a fact that is not stated have words of their own. */
export function valueInWords(dimension: string, value: string): string {
  if (dimension === 'codes') return value === '' ? 'none' : value.replaceAll(',', ' and ');
  return value === unset ? 'not stated' : value;
}

/** A set of sets of codes as the rule's author wrote it: none but these, or one of these. */
function codesInWords(sets: ReadonlySet<string>): string {
  const takes = (test: (set: readonly string[]) => boolean) =>
    recordDimensions.codes.every((text) => sets.has(text) === test(text === '' ? [] : text.split(',')));
  const within = handlingCodes.filter((code) => sets.has(code));
  if (takes((set) => set.every((code) => within.some((one) => one === code))))
    return `it carries no handling code${within.length === 0 ? '' : ` but ${listed(within, 'and')}`}`;
  if (takes((set) => set.some((code) => within.some((one) => one === code))))
    return `it carries the handling code ${listed(within, 'or')}`;
  return `its handling codes are one of ${[...sets].map((text) => `{${text}}`).join(' ')}`;
}

function kindsInWords(rule: Rule, { domain }: PolicySource): string {
  const collection = Object.entries(domain.collections).find(
    ([, kinds]) => kinds.length === rule.kinds.size && kinds.every((kind) => rule.kinds.has(kind)),
  );
  return collection?.[0] ?? inWords([...rule.kinds], Object.keys(domain.kinds), 'all kinds');
}

function inWords(some: readonly string[], all: readonly string[], everything: string): string {
  return some.length === all.length ? everything : listed(some, 'and');
}

/** A list as it is spoken: "a, b or c". */
export function listed(items: readonly string[], last: string): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}
