import type { PermitCheck } from './explain.ts';
import type { FieldExplanation, Step } from './explain-field.ts';
import type { Rule } from '../language/rules.ts';
import type { Shortfall } from './shortfalls.ts';
import type { CoordinateRules } from './show.ts';
import type { Can, Who } from './who.ts';
import { formatCondition, formatConditions, joinList, formatValue } from './format-rule.ts';

/** The maximum number of permissions that are printed. */
const maxPermits = 5;

/** Formats the rules of a coordinate, by action. */
export function formatRules(shown: CoordinateRules): string {
  const { coordinate, kinds, announced, group, groupMeans, actions, besides } = shown;
  const of = kinds.length > 3 ? `${kinds.length} kinds of record` : joinList(kinds, 'and');
  const head = [
    `${coordinate}: group "${group}" of ${of}${announced ? ' (announced: not yet in the graph)' : ''}`,
    `  ${groupMeans}`,
    ...(besides === null
      ? []
      : [`  A reader also needs read access to the group "${besides}" of the same record.`]),
    '  An action that no rule permits is refused. A prohibition overrides every permission.',
  ];
  const printed = new Set<string>();
  const paragraphs = actions.map(({ action, rules }) => {
    const lines = rules.map(({ rule, text }) => {
      const isRepeated = printed.has(rule.id);
      printed.add(rule.id);
      return `  ${rule.id} ${rule.effect}s${isRepeated ? ': see above' : `: ${text}`}`;
    });
    return [action, ...lines].join('\n');
  });
  return `${[head.join('\n'), ...paragraphs].join('\n\n')}\n`;
}

/** Formats which readers can use a coordinate, under which conditions, and which roles never can. */
export function formatWho({ action, coordinate, can, except, never, withoutRole }: Who): string {
  const lines = [
    can.length === 0
      ? `No reader can ${action} ${coordinate}.`
      : `These readers can ${action} ${coordinate}${withoutRole ? ', even without a role' : ''}:`,
    ...can.flatMap(formatCan),
    ...(except.length === 0 ? [] : ['', 'These rules prohibit it and override every permission:']),
    ...except.map((rule) => `  ${rule.id} ${formatProhibition(rule)}`),
    ...(never.length === 0
      ? []
      : ['', `Readers who have only one of these roles never can: ${joinList(never, 'and')}.`]),
  ];
  return `${lines.join('\n')}\n`;
}

function formatCan({ rule }: Can): readonly string[] {
  const classes = rule.classes.length === 0 ? 'anyone' : joinList(rule.classes, 'and also');
  const being = rule.relation === 'anyone' ? '' : `, being ${rule.relation}`;
  const conditions = formatConditions(rule);
  return [
    `  ${rule.id} ${classes}${being}${conditions.length === 0 ? ', for every record' : ', when'}`,
    ...conditions.map((condition) => `      ${condition}`),
  ];
}

/** Formats the readers and the conditions of a prohibition. It does not apply if one of them is not met. */
export function formatProhibition(rule: Rule): string {
  const readers = rule.classes.length === 0 ? 'for anyone' : `for ${joinList(rule.classes, 'and also')}`;
  const conditions = formatConditions(rule);
  return `${readers}${conditions.length === 0 ? ', for every record' : `, when ${conditions.join(', and ')}`}`;
}

/** Formats why a field of a record is readable or not, step by step. */
export function formatField({ coordinate, allowed, steps }: FieldExplanation): string {
  const verdict = `${coordinate}: ${allowed ? 'allowed' : 'not allowed'}`;
  return `${[verdict, ...steps.flatMap(formatStep)].join('\n')}\n`;
}

function formatStep({ of, group, allowed, permits, prohibits, ways }: Step): readonly string[] {
  const head = `${of} (group "${group}"): ${allowed ? 'allowed' : 'not allowed'}`;
  if (allowed) {
    return [
      head,
      ...permits.map(
        ({ rule, meeting }) =>
          `  permitted by ${rule.id}: reader and record share ${joinList(meeting, 'and')}`,
      ),
    ];
  }
  return [
    head,
    ...prohibits.map((rule) => `  prohibited by ${rule.id} ${formatProhibition(rule)}`),
    ...formatWays(ways),
  ];
}

/** Formats the permissions that could allow an access, fewest unmet conditions first. */
export function formatWays(ways: readonly PermitCheck[]): readonly string[] {
  if (ways.length === 0) return ['  no rule permits it to any reader'];
  return [
    '  rules that could permit it, fewest unmet conditions first:',
    ...ways.slice(0, maxPermits).flatMap(formatPermit),
    ...(ways.length > maxPermits
      ? [`    and ${ways.length - maxPermits} more rules with more unmet conditions`]
      : []),
  ];
}

function formatPermit({ rule, missing, prohibitedBy }: PermitCheck): readonly string[] {
  return [
    `    ${rule.id}: ${missing.length === 0 ? 'all conditions are met' : ''}`.trimEnd(),
    ...missing.map((shortfall) => `      ${formatShortfall(shortfall)}`),
    ...prohibitedBy.map((one) => `      but ${one.id} prohibits it ${formatProhibition(one)}`),
  ];
}

/** Formats an unmet condition: the expected and the actual value. */
export function formatShortfall({ on, of, expected, got }: Shortfall): string {
  if (on === 'record') {
    const actual = got.map((value) => formatValue(of, value));
    return `expected that ${formatCondition(of, expected)}, got ${orNone(actual)}`;
  }
  if (on === 'relation')
    return `expected a reader who is ${of}: the record names ${orNone(expected)}, the reader has ${orNone(got)}`;
  return `expected a reader of the class ${of}: ${on} ${joinList(expected, 'or')}, got ${orNone(got)}`;
}

function orNone(values: readonly string[]): string {
  return values.length === 0 ? 'none' : joinList(values, 'and');
}
