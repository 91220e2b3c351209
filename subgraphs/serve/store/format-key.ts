import { readKey } from '../../../schema/policy/decide/access-keys.ts';

/** The start of a relation's value, and the readers that the rest of the value names. */
const readersByStart: readonly (readonly [start: string, readers: (name: string) => string])[] = [
  ['anyone', () => 'every authenticated reader'],
  ['community:', (name) => `organisations registered in ${name}`],
  ['origin:', (name) => `members of the originator ${name}`],
  ['custodian:', (name) => `members of the custodian ${name}`],
  ['org:', (name) => `members of ${name}`],
  ['group:', (name) => `members of the group ${name}`],
  ['named:', (name) => `the named person ${name}`],
  ['share:', (name) => `the client of the onward share ${name}`],
  ['grant:', (name) => `readers with the grant ${name}`],
  ['agreement:', (name) => `parties to the agreement ${name}`],
  ['state:', (name) => `authorities of ${name}`],
  ['told:', (name) => `authorities of ${name}, which was told`],
];

/** Formats an access key as one line: its readers, their actions, and the exercise. Other texts stay as they are. */
export function formatKey(key: string): string {
  const read = readKey(key);
  if (read === null) return key;
  const { value, purpose, classes, without, actions, picture } = read;
  const found = readersByStart.find(([start]) => value.startsWith(start));
  const readers = found === undefined ? value : found[1](value.slice(found[0].length));
  const conditions = [
    ...(purpose === null ? [] : [`for ${purpose}`]),
    ...classes.map((name) => `who are ${name}`),
    ...without.map((name) => `who are not ${name}`),
  ];
  const place = picture === 'real' ? '' : ` in ${picture}`;
  return `${[readers, ...conditions].join(', ')} (${actions.join(', ')})${place}`;
}
