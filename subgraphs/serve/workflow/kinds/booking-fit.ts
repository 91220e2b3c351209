import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import { invalid, Refused, type UserError } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import type { Period } from './bookings.ts';
import { listIn } from '../effect.ts';
import { type NamedPart, partsNamedIn } from '../named-parts.ts';

/** A person or unit that may help in a mobilisation, with what the reader may see of the team and of the mobilisation. */
export type Candidate = {
  readonly unit: NamedPart;
  readonly team: Content;
  readonly mobilisation: Content;
  readonly progress: Progress;
  readonly period: Period;
  readonly now: Date;
};

/** The states of a mobilisation in which a team is sought. */
export const seeking: ReadonlySet<string> = new Set(['accepted', 'partly-accepted', 'preparing']);

type Missing = Omit<UserError, 'code'>;
type Check = (candidate: Candidate) => Missing | null;

/** The part of a team that says which organisation entered it. */
export type EnteredTeam = { readonly envelope: Pick<Envelope, 'originator' | 'custodian'> };

/**
 * Returns why a person or unit cannot be offered for a mobilisation in a period. Null if it can, as far as the records of the
 * team and the mobilisation say. Offers and matches make the same checks here; whether it is taken is in `bookings.ts`.
 */
export function findUnfit(of: Workflow, { envelope }: EnteredTeam, candidate: Candidate): Refused | null {
  const { team, unit } = candidate;
  const [provider] = organisationsIn(team['provider'] ?? null);
  const isEnteredByOther = ![envelope.custodian, provider].includes(envelope.originator);
  if (provider === undefined || isEnteredByOther)
    return new Refused(
      'WRONG_STATE',
      [],
      'expected a team that its provider or the custodian entered, with its provider',
    );
  const twice = findNamedTwice(of, team, unit.name);
  if (twice !== null) return twice;
  for (const check of checks) {
    const missing = check(candidate);
    if (missing !== null) return new Refused('INVALID', missing.path, missing.message);
  }
  return null;
}

/** Returns the refusal of a move on a unit whose name the team gives to several. */
export function findNamedTwice(of: Workflow, team: Content, name: string): Refused | null {
  return partsNamedIn(of, team).filter((one) => one.name === name).length > 1
    ? invalid(of.subject, 'the team names this unit more than once: its operator gives each another name')
    : null;
}

/** Returns the reasons for which a person or unit fits that lacks nothing. */
export function reasonsOf(candidate: Candidate): readonly string[] {
  const { unit, mobilisation, progress, period } = candidate;
  const needed = (name: string): readonly string[] => listIn(mobilisation[name]);
  const profile = needed('profilesNeeded').find((one) => isSame(one, unit.item['profile']));
  const language = needed('languagesNeeded').find((one) =>
    listIn(unit.item['languages']).some((other) => isSameLanguage(one, other)),
  );
  const needsClearance = clearanceNeeded(candidate) !== null;
  const { noticeHours } = progress.facts;
  const isOnCall = progress.state === 'on-call' && beginsWithin(period, progress.facts);
  return [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...(language === undefined ? [] : [`language ${language}`]),
    ...(needsClearance ? [`clearance ${String(unit.item['clearance'])}`] : []),
    ...(isOnCall ? [`on call, notice of ${typeof noticeHours === 'number' ? noticeHours : 0} hours`] : []),
    `free from ${period.from.toISOString()} until ${period.until.toISOString()}`,
  ];
}

/** The latest start of a booking from now on, and its longest period, in days: a desk does not keep a person for years. */
const mostAhead = 366;
const longest = 180;
const day = 86_400_000;

const checks: readonly Check[] = [
  ({ period: { until }, now }) =>
    until > now ? null : { path: ['until'], message: `expected a time after ${now.toISOString()}` },
  ({ period: { from }, now }) =>
    from.getTime() <= now.getTime() + mostAhead * day
      ? null
      : { path: ['from'], message: `expected a start within ${mostAhead} days` },
  ({ period: { from, until } }) =>
    until.getTime() <= from.getTime() + longest * day
      ? null
      : { path: ['until'], message: `expected a period of ${longest} days at most` },
  ({ team, mobilisation }) =>
    team['kind'] === mobilisation['mechanism']
      ? null
      : lack('expected a team of the mechanism of the mobilisation'),
  ({ unit: { item }, mobilisation }) =>
    lacks('profile', listIn(mobilisation['profilesNeeded']), listIn([item['profile']]), isSame),
  ({ unit: { item }, mobilisation }) =>
    lacks('language', listIn(mobilisation['languagesNeeded']), listIn(item['languages']), isSameLanguage),
  findNoClearance,
  findOffDuty,
  findShortNotice,
  findConflict,
];

function lacks(
  what: string,
  needed: readonly string[],
  has: readonly string[],
  is: (one: string, other: string) => boolean,
): Missing | null {
  if (needed.length === 0 || needed.some((one) => has.some((other) => is(one, other)))) return null;
  const got = has.length === 0 ? 'none' : has.join(', ');
  return lack(`expected the ${what} ${needed.join(' or ')}, got ${got}`);
}

function isSame(one: string, other: unknown): boolean {
  return typeof other === 'string' && normal(one) === normal(other);
}

/** `fr-BE` is enough where `fr` is needed, and the other way round. */
function isSameLanguage(one: string, other: string): boolean {
  const [first, second] = [one, other].map((tag) => normal(tag).split('-')[0]);
  return first === second;
}

/** Null for a service unit: its persons are known to its provider only, therefore it checks their clearance. */
function clearanceNeeded({ unit, mobilisation }: Candidate): string | null {
  const needed = mobilisation['clearanceNeeded'];
  return typeof needed === 'string' && needed !== '' && unit.field === 'members' ? needed : null;
}

function findNoClearance(candidate: Candidate): Missing | null {
  const { unit, period } = candidate;
  const { until } = period;
  const needed = clearanceNeeded(candidate);
  if (needed === null) return null;
  const { clearance, clearanceUntil, briefedAt } = unit.item;
  const least = levelOf(needed);
  if (least < 0)
    return {
      path: ['mobilisation'],
      message: `expected ${levels.map(([name]) => name).join(', ')} as the clearance that the mobilisation needs, got ${needed}`,
    };
  if (typeof clearance !== 'string' || levelOf(clearance) < least)
    return lack(`expected a clearance of at least ${needed}`);
  if (least >= endingFrom && !(clearanceUntil instanceof Date))
    return lack(
      'expected the end of the clearance (clearanceUntil), because it must hold through the booking',
    );
  if (clearanceUntil instanceof Date && clearanceUntil < until)
    return lack(`the clearance ends before the end of the booking, at ${clearanceUntil.toISOString()}`);
  return briefedAt instanceof Date ? null : lack('expected a security briefing: none is recorded');
}

function lack(message: string): Missing {
  return { path: ['unit'], message };
}

/**
 * The levels from the lowest to the highest, with the texts that name each. Only a whole text counts: a remark such as
 * `secret (refused)` is no level.
 */
const levels: readonly (readonly string[])[] = [
  ['restricted', 'restreint', 'eu restricted', 'restreint ue', 'restreint ue/eu restricted'],
  ['confidential', 'confidentiel', 'eu confidential', 'confidentiel ue', 'confidentiel ue/eu confidential'],
  ['secret', 'eu secret', 'secret ue', 'secret ue/eu secret'],
  ['top secret', 'tres secret', 'eu top secret', 'tres secret ue', 'tres secret ue/eu top secret'],
];

/** From confidential on, a clearance has an end (Council Decision 2013/488/EU). Restricted needs a briefing only. */
const endingFrom = 1;

/** Returns the place of a level among `levels`, or -1. Case, accents and spaces do not count, and `_` and `-` are spaces. */
function levelOf(text: string): number {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\s_-]+/g, ' ');
  const level = plain.trim().toLowerCase();
  return levels.findIndex((names) => names.includes(level));
}

function findOffDuty({ unit: { item }, period: { from, until } }: Candidate): Missing | null {
  const { dutyFrom, dutyTo } = item;
  if (dutyFrom instanceof Date && from < dutyFrom)
    return { path: ['from'], message: `the duty of the person begins at ${dutyFrom.toISOString()}` };
  if (dutyTo instanceof Date && until > dutyTo)
    return { path: ['until'], message: `the duty of the person ends at ${dutyTo.toISOString()}` };
  return null;
}

/** A person or unit on call counts as available at other times too. The notice is needed for each time that is offered. */
function findShortNotice({ progress: { state, facts }, period: { from }, now }: Candidate): Missing | null {
  const { noticeHours } = facts;
  if (state !== 'on-call' || typeof noticeHours !== 'number') return null;
  const first = new Date(now.getTime() + noticeHours * 3_600_000);
  return from >= first
    ? null
    : {
        path: ['from'],
        message: `expected a notice of ${noticeHours} hours: ${first.toISOString()} at the earliest`,
      };
}

/** The time on call is the provider's statement: `from` and `until` of the state. */
function beginsWithin({ from }: Period, { from: start, until: end }: Progress['facts']): boolean {
  return start instanceof Date && end instanceof Date && start <= from && from < end;
}

/** A conflict that the team declared names the asker, the organisation that sends the request, or the affected entity. */
function findConflict({ team, mobilisation }: Candidate): Missing | null {
  const organisations = ['requester', 'via'].flatMap((name) => organisationsIn(mobilisation[name] ?? null));
  const parties = [...organisations, ...listIn([mobilisation['affectedEntity']])].map(normal);
  const declared = listIn(team['conflictOfInterest']).map(normal);
  const isNamed = declared.some((text) => parties.some((party) => party !== '' && hasWords(text, party)));
  return isNamed
    ? { path: ['unit'], message: 'the team declared a conflict of interest with a party of the mobilisation' }
    : null;
}

function hasWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1))
    if (!isPartOfWord(text[at - 1]) && !isPartOfWord(text[at + words.length])) return true;
  return false;
}

function isPartOfWord(one: string | undefined): boolean {
  return /[\p{L}\p{N}]/u.test(one ?? '');
}

function normal(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}
