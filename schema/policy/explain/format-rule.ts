import { handlingCodes } from '../../record/vocabulary.ts';
import { recordDimensions, unset } from '../language/domain.ts';
import type { PolicySource, Rule } from '../language/rules.ts';

/** Formats a rule as a sentence with its reason and its source. */
export function formatRule(rule: Rule, source: PolicySource): string {
  const [last, every] = rule.effect === 'permit' ? ['and', 'every group'] : ['or', 'any group'];
  const groups = formatSome([...rule.groups], Object.keys(source.domain.groups), every);
  const when = rule.when.size === 0 ? '' : ` when ${formatConditions(rule).join(', and ')}`;
  const announced = rule.announced.size === 0 ? '' : 'announced, decides nothing yet: ';
  return (
    `${announced}${formatSubject(rule)} ${joinList([...rule.actions, ...rule.announced], last)} ${groups} of ` +
    `${formatKinds(rule, source)}${when}. Reason: ${rule.because} Source: ${rule.source}`
  );
}

/** "Anyone may not" is ambiguous, so a prohibition for all readers says "no reader may". */
function formatSubject(rule: Rule): string {
  const isForAll = rule.classes.length === 0;
  if (isForAll && rule.effect === 'prohibit') return `no reader${formatRelation(rule)} may`;
  const readers = isForAll ? 'anyone' : joinList(rule.classes, 'and also');
  return `${readers}${formatRelation(rule)} ${rule.effect === 'permit' ? 'may' : 'may not'}`;
}

function formatRelation({ relation }: Rule): string {
  return relation === 'anyone' ? '' : `, being ${relation},`;
}

/** Formats each condition of a rule on the record. */
export function formatConditions(rule: Pick<Rule, 'when'>): readonly string[] {
  return [...rule.when].map(([dimension, values]) => formatCondition(dimension, [...values]));
}

/** Formats one condition on the record: a dimension and its accepted values. */
export function formatCondition(dimension: string, values: readonly string[]): string {
  if (dimension === 'codes') return formatCodes(new Set(values));
  if (dimension === 'picture') return `its picture is ${values.includes('other') ? 'not ' : ''}the reader’s`;
  return `${formatDimension(dimension)} is ${joinList(values, 'or')}`;
}

const names: Readonly<Record<string, string>> = {
  picture: 'its picture',
  marking: 'its marking',
  classification: 'its classification',
  tlp: 'its TLP',
  opens: 'the widest reach that its TLP and audience allow',
  pap: 'its PAP',
  distribution: 'its distribution',
  codes: 'its handling codes',
  restrictions: 'its list of further restrictions',
  embargo: 'its embargo',
  state: 'its state',
};

/** Formats the name of a dimension of a record. */
function formatDimension(dimension: string): string {
  return Object.hasOwn(names, dimension)
    ? (names[dimension] ?? dimension)
    : dimension.replace(/^fact:/, 'its ');
}

/** Formats a value of a dimension. */
export function formatValue(dimension: string, value: string): string {
  if (dimension === 'codes') return value === '' ? 'none' : value.replaceAll(',', ' and ');
  return value === unset ? 'not stated' : value;
}

/** Formats accepted sets of handling codes as the rule's author wrote them: `within` or `any`. */
function formatCodes(sets: ReadonlySet<string>): string {
  const accepts = (test: (set: readonly string[]) => boolean) =>
    recordDimensions.codes.every((text) => sets.has(text) === test(text === '' ? [] : text.split(',')));
  const within = handlingCodes.filter((code) => sets.has(code));
  if (accepts((set) => set.every((code) => within.some((one) => one === code))))
    return `it has no handling code${within.length === 0 ? '' : ` except ${joinList(within, 'and')}`}`;
  if (accepts((set) => set.some((code) => within.some((one) => one === code))))
    return `it has the handling code ${joinList(within, 'or')}`;
  return `its set of handling codes is one of ${[...sets].map((text) => `{${text}}`).join(' ')}`;
}

function formatKinds(rule: Rule, { domain }: PolicySource): string {
  const collection = Object.entries(domain.collections).find(
    ([, kinds]) => kinds.length === rule.kinds.size && kinds.every((kind) => rule.kinds.has(kind)),
  );
  return collection?.[0] ?? formatSome([...rule.kinds], Object.keys(domain.kinds), 'all kinds');
}

function formatSome(some: readonly string[], all: readonly string[], everything: string): string {
  return some.length === all.length ? everything : joinList(some, 'and');
}

/** Joins items into a list, such as "a, b or c". */
export function joinList(items: readonly string[], last: string): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}
