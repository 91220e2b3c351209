import { organisationsIn } from '../../../schema/workflow/engine/condition.ts';
import type { Progress } from '../../../schema/workflow/engine/progress.ts';
import type { UserError } from '../changes/refused.ts';
import type { Content } from '../record/content.ts';
import type { Period } from './bookings.ts';
import { listIn } from './effect.ts';
import type { NamedPart } from './named-parts.ts';

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

/** Returns what a person or unit lacks for a mobilisation in a period. Null if it fits, as far as the records say. */
export function findMissing(candidate: Candidate): Missing | null {
  for (const check of checks) {
    const missing = check(candidate);
    if (missing !== null) return missing;
  }
  return null;
}

/** Returns the reasons for which a person or unit fits that lacks nothing. */
export function reasonsOf(candidate: Candidate): readonly string[] {
  const { unit, mobilisation, progress, period } = candidate;
  const needed = (name: string): readonly string[] => listIn(mobilisation[name]);
  const profile = needed('profilesNeeded').find((one) => isSame(one, unit.item['profile']));
  const language = needed('languagesNeeded').find((one) =>
    listIn(unit.item['languages']).some((other) => isSameLanguage(one, other)),
  );
  const needsClearance = unit.field === 'members' && typeof mobilisation['clearanceNeeded'] === 'string';
  const { noticeHours } = progress.facts;
  const isOnCall = progress.state === 'on-call';
  return [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...(language === undefined ? [] : [`language ${language}`]),
    ...(needsClearance ? [`clearance ${String(unit.item['clearance'])}`] : []),
    ...(isOnCall ? [`on call, notice of ${typeof noticeHours === 'number' ? noticeHours : 0} hours`] : []),
    `free from ${period.from.toISOString()} until ${period.until.toISOString()}`,
  ];
}

const checks: readonly Check[] = [
  ({ period: { until }, now }) =>
    until > now ? null : { path: ['until'], message: `expected a time after ${now.toISOString()}` },
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

/** The persons of a service unit are known to its provider only, therefore it checks their clearance. */
function findNoClearance({ unit, mobilisation, period: { until } }: Candidate): Missing | null {
  const needed = mobilisation['clearanceNeeded'];
  if (typeof needed !== 'string' || needed === '' || unit.field !== 'members') return null;
  const { clearance, clearanceUntil, briefedAt } = unit.item;
  if (typeof clearance !== 'string' || !isCleared(clearance, needed))
    return lack(`expected a clearance up to ${needed}`);
  if (clearanceUntil instanceof Date && clearanceUntil < until)
    return lack(`the clearance ends before the end of the booking, at ${clearanceUntil.toISOString()}`);
  return briefedAt instanceof Date ? null : lack('expected a security briefing: none is recorded');
}

function lack(message: string): Missing {
  return { path: ['unit'], message };
}

/** The levels from the lowest to the highest. Other words are compared as they are written. */
const levels: readonly RegExp[] = [/restr/, /conf/, /(?<!top |très )secret/, /top secret|très secret/];

function isCleared(clearance: string, needed: string): boolean {
  const [has, wants] = [clearance, needed].map((text) => normal(text).replaceAll(/[_-]/g, ' '));
  const [level, least] = [has, wants].map((text) => levels.findLastIndex((word) => word.test(text ?? '')));
  if (level === undefined || least === undefined || level < 0 || least < 0) return has === wants;
  return level >= least;
}

function findOffDuty({ unit: { item }, period: { from, until } }: Candidate): Missing | null {
  const { dutyFrom, dutyTo } = item;
  if (dutyFrom instanceof Date && from < dutyFrom)
    return { path: ['from'], message: `the duty of the person begins at ${dutyFrom.toISOString()}` };
  if (dutyTo instanceof Date && until > dutyTo)
    return { path: ['until'], message: `the duty of the person ends at ${dutyTo.toISOString()}` };
  return null;
}

/** The notice counts for the time on call that the provider stated. */
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
