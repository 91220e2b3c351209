import { actions, type Action } from '../../../schema/policy/language/domain.ts';

/** What a key opens, in words: to whom, and for what. */
export type Opening = { readonly to: string; readonly may: readonly Action[]; readonly picture: string };

/** What stands in front of a relation's value, and how it is read aloud. */
const whom: readonly (readonly [start: string, words: (value: string) => string])[] = [
  ['anyone', () => 'every token holder'],
  ['community:', (value) => `organisations registered in ${value}`],
  ['origin:', (value) => `members of the originator ${value}`],
  ['custodian:', (value) => `members of the custodian ${value}`],
  ['org:', (value) => `members of ${value}`],
  ['group:', (value) => `members of the group ${value}`],
  ['named:', (value) => `the named person ${value}`],
  ['share:', (value) => `the client of the onward share ${value}`],
  ['grant:', (value) => `the holder of the grant ${value}`],
  ['agreement:', (value) => `parties to the agreement ${value}`],
  ['state:', (value) => `authorities of ${value}`],
  ['told:', (value) => `authorities of ${value}, which was told`],
];

/** Reads a key (schema/policy/decide/policy.ts, `keyOf`) aloud; null for what is none. */
export function readKey(key: string): Opening | null {
  const match = /^\d+\|([^|]+)\|(.+);([a-z]+)$/s.exec(key);
  const [, picture, who, letters] = match ?? [];
  if (picture === undefined || who === undefined || letters === undefined) return null;
  const [value = '', ...conditions] = who.split('&');
  const [base = '', purpose] = value.split('+for:');
  const found = whom.find(([start]) => base.startsWith(start));
  const to = found === undefined ? base : found[1](base.slice(found[0].length));
  const besides = [
    ...(purpose === undefined ? [] : [`for ${purpose}`]),
    ...conditions.map((name) => (name.startsWith('!') ? `who are not ${name.slice(1)}` : `who are ${name}`)),
  ];
  const may = (Object.keys(actions) as Action[]).filter((action) => letters.includes(actions[action]));
  return { to: [to, ...besides].join(', '), may, picture };
}

/** One line for what a key opens. */
export function sayKey(key: string): string {
  const read = readKey(key);
  return read === null
    ? key
    : `${read.to} (${read.may.join(', ')})${read.picture === 'real' ? '' : ` in ${read.picture}`}`;
}
