import { isMembership } from '../engine/membership.ts';
import type {
  InstantFile,
  MembershipFile,
  MoveFile,
  StateFile,
  ValueFile,
  WhoFile,
} from '../language/language.ts';

type Condition = NonNullable<WhoFile['when']>;

/** Says how a state behaves: initial, final, or when the clock computes it. */
export function phraseState({ initial, final, computed }: StateFile): string {
  const kinds = [
    initial === true ? 'initial' : '',
    final === true ? 'final' : '',
    computed === undefined ? '' : phraseComputed(computed),
  ];
  return kinds.filter((kind) => kind !== '').join('; ');
}

function phraseComputed({
  from,
  at,
  before,
  since,
  until,
  obliges,
}: NonNullable<StateFile['computed']>): string {
  const starts = [
    at === undefined ? '' : `from ${phraseInstant(at)} on`,
    before === undefined ? '' : phraseBefore(before),
    since === undefined ? '' : `as soon as \`${since}\` is set`,
  ].filter((start) => start !== '');
  const end = until === undefined ? '' : `, until \`${until}\` is set`;
  const side = obliges === undefined ? '' : `; obliges the **${obliges}**`;
  const place = `shown in place of ${from.map(code).join(', ')}`;
  return `computed: ${place}${starts.length > 0 ? ` ${starts.join(', or ')}` : ''}${end}${side}`;
}

function phraseBefore(before: NonNullable<NonNullable<StateFile['computed']>['before']>): string {
  const instant = phraseInstant(before.at);
  const period = before.of === undefined ? `before ${instant}` : `from \`${before.of}\` to ${instant}`;
  if (before.quarters !== undefined) return `in the last quarter of the period ${period}`;
  return before.days === undefined ? `from ${instant} on` : `from ${before.days} days before ${instant}`;
}

/** Says an instant, such as the end of a clock. */
export function phraseInstant(instant: InstantFile): string {
  if (typeof instant === 'string') return `\`${instant}\``;
  const start = instant.of === undefined ? 'the last change of state' : `\`${instant.of}\``;
  return `the end of the clock \`${instant.clock}\` (counted from ${start})`;
}

/** Says who can make a move, one phrase for each possibility. */
export function phraseBy(by: MoveFile['by']): readonly string[] {
  if (by === 'system') return ['the system'];
  if (by === 'clock') return ['the clock'];
  return by.map(phraseWho);
}

/** Says who a person must be: the relation, the roles or the office, and the condition. */
export function phraseWho({ roles, office, relation, when, if: condition }: WhoFile): string {
  const persons = [roles === undefined ? '' : anyOf(roles), office === undefined ? '' : `office ${office}`];
  const person = persons.filter((part) => part !== '').join(' with ');
  const subject = relation === undefined ? person : `**${relation}**${person === '' ? '' : `: ${person}`}`;
  const ground = condition === undefined ? '' : ` (${condition.replace(/\.$/, '')})`;
  return `${subject}${when === undefined ? '' : `, ${phraseCondition(when)}`}${ground}`;
}

/** Says a condition on facts or inputs. */
export function phraseCondition(when: Condition): string {
  const parts = Object.entries(when).map(([name, values]) => `\`${name}\` is ${anyOf(values)}`);
  return `if ${parts.join(' and ')}`;
}

/** Says what a move states, one phrase for each value. */
export function phraseInputs(input: MoveFile['input']): readonly string[] {
  return Object.entries(input).map(([name, value]) => {
    const limits = [
      value.optional === true ? 'optional' : '',
      value.when === undefined ? '' : phraseCondition(value.when),
      phraseLimit('after', name, value.after),
      phraseLimit('not after', name, value.notAfter),
    ].filter((limit) => limit !== '');
    const limit = limits.length === 0 ? '' : ` (${limits.join(', ')})`;
    return `\`${name}\`${limit}: ${phraseValue(value)}`;
  });
}

function phraseLimit(word: string, name: string, other: string | undefined): string {
  if (other === undefined) return '';
  if (other === 'move') return `${word} the move`;
  return other === name ? `${word} its value before the move` : `${word} \`${other}\``;
}

function phraseValue({ is, choices }: ValueFile): string {
  return choices === undefined ? is : `${is.replace(/\.$/, '')}: ${choices.join(', ')}.`;
}

/** Says by when a move is made. */
export function phraseTime({ at, before, clock, due }: MoveFile): readonly string[] {
  return [
    at === undefined ? '' : `at ${phraseInstant(at)}`,
    before === undefined ? '' : `before ${phraseInstant(before)}`,
    clock === undefined ? '' : `clock \`${clock}\``,
    due ?? '',
  ].filter((part) => part !== '');
}

/**
 * Says which facts a move sets, one phrase for each. `endless` are the clocks without an end: no other clock sets the instant
 * of a reminder.
 */
export function phraseSets(
  sets: MoveFile['sets'] = {},
  endless: ReadonlySet<string> = new Set(),
): readonly string[] {
  return Object.entries(sets).map(([name, value]) => {
    if (isMembership(value)) return `\`${name}\`: ${[value].flat().map(phraseMembership).join(', then ')}.`;
    if (typeof value !== 'object' || value === null) return `\`${name}\` is ${String(value)}.`;
    if ('at' in value) return `\`${name}\` is the time of the move.`;
    const { clock, of, reminder = false } = value;
    const what = `\`${name}\` is the ${reminder ? 'reminder' : 'end'} of the clock`;
    const start = `${of === undefined ? '' : `, counted from \`${of}\``}${reminder ? ', if it has no end' : ''}`;
    if (typeof clock === 'string') return `${what} \`${clock}\`${start}.`;
    const set = Object.entries(clock.clocks).filter(([, id]) => !reminder || endless.has(id));
    const clocks = set.map(([choice, id]) => `\`${id}\` for ${choice}`);
    return `${what} by \`${clock.by}\`${start}: ${clocks.join(', ')}.`;
  });
}

function phraseMembership(change: MembershipFile): string {
  if ('set' in change) return `only ${phraseOrganisations(change.set)}`;
  return 'add' in change
    ? `adds ${phraseOrganisations(change.add)}`
    : `removes ${phraseOrganisations(change.remove)}`;
}

function phraseOrganisations(name: string): string {
  return name === 'mover' ? "the mover's organisation" : code(name);
}

/** Formats a name as code. */
export function code(name: string): string {
  return `\`${name}\``;
}

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

function anyOf(names: readonly string[]): string {
  return alternatives.format(names);
}
