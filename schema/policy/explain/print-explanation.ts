import type { Way } from './explain.ts';
import type { FieldExplanation, Step } from './explain-field.ts';
import type { Rule } from '../language/rules.ts';
import type { Shortfall } from './shortfalls.ts';
import type { CoordinateShown } from './show.ts';
import type { Can, Who } from './who.ts';
import { conditionInWords, conditionsInWords, dimensionInWords, listed, valueInWords } from './phrases.ts';

/** At most so many ways are told: those that lacked the least. */
const maxWays = 5;

/** Every rule that speaks of a coordinate, one a paragraph. */
export function tellShown(shown: CoordinateShown): string {
  const { coordinate, kinds, announced, group, groupMeans, actions, besides } = shown;
  const of = kinds.length > 3 ? `${kinds.length} kinds of record` : listed(kinds, 'and');
  const head = [
    `${coordinate}: group "${group}" of ${of}${announced ? ' (announced: no graph has it yet)' : ''}`,
    `  ${groupMeans}`,
    ...(besides === null ? [] : [`  A record is there only for who may read its group "${besides}".`]),
    '  What no rule permits is refused, and a prohibition beats a permission.',
  ];
  const told = new Set<string>();
  const paragraphs = actions.map(({ action, rules }) => {
    const lines = rules.map(({ rule, text }) => {
      const again = told.has(rule.id);
      told.add(rule.id);
      return `  ${rule.id} ${rule.effect}s${again ? ', as above' : `: ${text}`}`;
    });
    return [action, ...lines].join('\n');
  });
  return `${[head.join('\n'), ...paragraphs].join('\n\n')}\n`;
}

/** Who can, by which permission and under which conditions; and who never can. */
export function tellWho({ action, coordinate, can, except, never, withoutRole }: Who): string {
  const lines = [
    can.length === 0
      ? `Nobody can ${action} ${coordinate}.`
      : `Who can ${action} ${coordinate}:${withoutRole ? ' also readers without a role.' : ''}`,
    ...can.flatMap(tellCan),
    ...(except.length === 0 ? [] : ['', 'Whatever is permitted, it is prohibited:']),
    ...except.map((rule) => `  ${rule.id} ${prohibitionInWords(rule)}`),
    ...(never.length === 0 ? [] : ['', `Never, with this role alone: ${listed(never, 'and')}.`]),
  ];
  return `${lines.join('\n')}\n`;
}

function tellCan({ rule }: Can): readonly string[] {
  const classes = rule.classes.length === 0 ? 'anyone' : listed(rule.classes, 'and at once');
  const being = rule.relation === 'anyone' ? '' : `, being ${rule.relation}`;
  const conditions = conditionsInWords(rule);
  return [
    `  ${rule.id} ${classes}${being}${conditions.length === 0 ? ', whatever the record' : ', when'}`,
    ...conditions.map((condition) => `      ${condition}`),
  ];
}

/** What a prohibition rests on: any of it being otherwise would lift it. */
export function prohibitionInWords(rule: Rule): string {
  const whom = rule.classes.length === 0 ? 'to anyone' : `to ${listed(rule.classes, 'and at once')}`;
  const conditions = conditionsInWords(rule);
  return `${whom}${conditions.length === 0 ? ', whatever the record' : `, when ${conditions.join(', and ')}`}`;
}

/** Why a field of a record is shown or not, step by step. */
export function tellField({ coordinate, allowed, steps }: FieldExplanation): string {
  const verdict = `${coordinate}: ${allowed ? 'allowed' : 'not allowed'}`;
  return `${[verdict, ...steps.flatMap(tellStep)].join('\n')}\n`;
}

function tellStep({ of, group, allowed, permits, prohibits, ways }: Step): readonly string[] {
  const head = `${of} (group "${group}"): ${allowed ? 'allowed' : 'not allowed'}`;
  if (allowed) {
    return [
      head,
      ...permits.map(({ rule, meeting }) => `  by ${rule.id}, meeting in ${listed(meeting, 'and')}`),
    ];
  }
  return [
    head,
    ...prohibits.map((rule) => `  prohibited by ${rule.id} ${prohibitionInWords(rule)}`),
    ...tellWays(ways),
  ];
}

/** What would have had to be true, the fewest shortfalls first. */
export function tellWays(ways: readonly Way[]): readonly string[] {
  if (ways.length === 0) return ['  no rule permits it to anybody'];
  return [
    '  what would have had to be true, the nearest first:',
    ...ways.slice(0, maxWays).flatMap(tellWay),
    ...(ways.length > maxWays ? [`    and ${ways.length - maxWays} further permissions that lack more`] : []),
  ];
}

function tellWay({ rule, missing, prohibitedBy }: Way): readonly string[] {
  return [
    `    ${rule.id}: ${missing.length === 0 ? 'nothing is missing' : ''}`.trimEnd(),
    ...missing.map((shortfall) => `      ${shortfallInWords(shortfall)}`),
    ...prohibitedBy.map((one) => `      and not prohibited by ${one.id}, ${prohibitionInWords(one)}`),
  ];
}

/** One shortfall as a sentence: what was asked for, and what there was. */
export function shortfallInWords({ on, of, expected, got }: Shortfall): string {
  if (on === 'record') {
    const there = got.map((value) => valueInWords(of, value));
    return `${conditionInWords(of, expected)}; ${dimensionInWords(of)} is ${was(there)}`;
  }
  if (on === 'relation')
    return `the reader is ${of}: the record names ${was(expected)}; the reader is ${was(got)}`;
  return `the reader is of ${of}: ${on} ${listed(expected, 'or')}; the reader has ${was(got)}`;
}

function was(values: readonly string[]): string {
  return values.length === 0 ? 'none' : listed(values, 'and');
}
