import { handlingCodes } from '../../record/vocabulary.ts';
import type { Box, ReaderWords } from './cover.ts';
import { type Action, actions, recordDimensions, type Relation, relations } from '../language/domain.ts';

/**
 * A block of cells as one line that a person reads aloud and a program reads back: "police and not operators, being
 * recipient, may read, search the content of Contribution, when tlp is AMBER or RED and embargo is over".
 */
export type Line = {
  /** Readers who are meant by any of these words. */
  readonly who: readonly ReaderWords[];
  /** Relations, each by itself; null for any of them and none. */
  readonly being: readonly Relation[] | null;
  readonly may: readonly Action[];
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  readonly when: Box;
};

/** What need not be said: the dimensions in which a record is ordinary where a line says nothing of them. */
const unsaid: Readonly<Record<string, string>> = {
  picture: 'same',
  marking: 'valid',
  classification: 'none',
};

/** Whether values are those that a line need not say. */
export function isUnsaid(name: string, taken: readonly string[]): boolean {
  return taken.length === 1 && taken[0] === unsaid[name];
}

/** What the block `anyone` is called where it stands by itself: readers in no relation that a rule asks for. */
const nobodyInParticular = 'nobody in particular';

/** What a line's words are read by: all values of each dimension, and the names for several kinds of record. */
export type Words = {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly collections: Readonly<Record<string, readonly string[]>>;
};

/** A line's words: the shorter of "is" and "is not", a collection's name where all of its kinds are meant. */
export function writeLine(line: Line, { values, collections }: Words): string {
  const when = writeBox(line.when, values);
  const what = writeAccess({ ...line, kinds: shortenKinds(line.kinds, collections) });
  return `${writeDoer(line)}, may ${what}${when === '' ? '' : `, when ${when}`}`;
}

function shortenKinds(kinds: readonly string[], collections: Words['collections']): readonly string[] {
  const names = Object.entries(collections).toSorted(([, one], [, other]) => other.length - one.length);
  const [name, members = []] =
    names.find(([, all]) => all.length > 1 && all.every((kind) => kinds.includes(kind))) ?? [];
  if (name === undefined) return kinds;
  const left = kinds.filter((kind) => !members.includes(kind));
  return [name, ...(left.length === 0 ? [] : shortenKinds(left, collections))];
}

/** Who, in which relation. */
export function writeDoer({ who, being }: Pick<Line, 'who' | 'being'>): string {
  const related =
    being?.map((name) => (name === 'anyone' ? nobodyInParticular : name)).join(' or ') ?? 'anyone';
  return `${writeReaders(who)}, being ${related}`;
}

/** May what to what. */
export function writeAccess({ may, groups, kinds }: Pick<Line, 'may' | 'groups' | 'kinds'>): string {
  return `${may.join(', ')} the ${groups.join(', ')} of ${kinds.join(', ')}`;
}

/** Readers in words. */
export function writeReaders(who: readonly ReaderWords[]): string {
  return who
    .map(({ of, notOf }) => [...of, ...notOf.map((name) => `not ${name}`)].join(' and ') || 'anyone')
    .join(' or ');
}

/** Records in words; nothing for an ordinary record of any other kind. */
export function writeBox(box: Box, values: ReadonlyMap<string, readonly string[]>): string {
  const said = new Map(box);
  for (const name of Object.keys(unsaid)) {
    if (!values.has(name)) continue;
    const all = values.get(name) ?? [];
    const taken = said.get(name) ?? all;
    if (isUnsaid(name, taken)) said.delete(name);
    else said.set(name, taken);
  }
  return [...said]
    .map(([name, taken]) => `${name} ${writeValues(name, taken, values.get(name) ?? [])}`)
    .join(' and ');
}

function writeValues(name: string, taken: readonly string[], all: readonly string[]): string {
  const others = all.filter((value) => !taken.includes(value));
  if (name === 'codes') return writeCodes(taken);
  if (others.length === 0) return 'is any';
  return others.length < taken.length ? `is not ${others.join(' or ')}` : `is ${taken.join(' or ')}`;
}

/** Sets of handling codes in words: "is within H0", "has any of H2", or each set. */
function writeCodes(taken: readonly string[]): string {
  const found = codeWords.find(
    ({ sets }) => sets.length === taken.length && sets.every((set) => taken.includes(set)),
  );
  return found?.words ?? `is ${taken.map((set) => set.replaceAll(',', '+') || 'empty').join(' or ')}`;
}

const codeWords = [
  { words: 'is any', sets: recordDimensions.codes },
  ...recordDimensions.codes.flatMap((chosen) => {
    const members = chosen.split(',');
    const name = chosen.replaceAll(',', '+') || 'none';
    const inside = (set: string) => set === '' || set.split(',').every((code) => members.includes(code));
    const touches = (set: string) =>
      handlingCodes.some((code) => members.includes(code) && set.split(',').includes(code));
    return [
      { words: `is within ${name}`, sets: recordDimensions.codes.filter(inside) },
      { words: `has any of ${name}`, sets: recordDimensions.codes.filter(touches) },
    ];
  }),
];

/** Reads a line back. Throws RangeError for one that is none, or that speaks of what there is not. */
export function readLine(text: string, { values, collections }: Words): Line {
  const parts =
    /^(?<who>.+?), being (?<being>.+?), may (?<may>[a-z, -]+?) the (?<groups>[A-Za-z0-9_., -]+?) of (?<kinds>[A-Za-z0-9, -]+?)(?:, when (?<when>.+))?$/.exec(
      text,
    )?.groups;
  if (parts === undefined)
    throw new RangeError(`expected a line as \`hub policy diff\` prints it, got: ${text}`);
  return {
    who: readReaders(parts['who'] ?? ''),
    being: readBeing(parts['being'] ?? ''),
    may: (parts['may'] ?? '').split(', ').map(readAction),
    groups: (parts['groups'] ?? '').split(', '),
    kinds: (parts['kinds'] ?? '').split(', ').flatMap((name) => collections[name] ?? name),
    when: readBox(parts['when'], values),
  };
}

function readReaders(text: string): readonly ReaderWords[] {
  return text.split(' or ').map((words) => {
    const names = words === 'anyone' ? [] : words.split(' and ');
    return {
      of: names.filter((name) => !name.startsWith('not ')),
      notOf: names.filter((name) => name.startsWith('not ')).map((name) => name.slice('not '.length)),
    };
  });
}

function readBeing(text: string): readonly Relation[] | null {
  if (text === 'anyone') return null;
  return text.split(' or ').map((name) => {
    const relation = relations.find((one) => one === (name === nobodyInParticular ? 'anyone' : name));
    if (relation === undefined) throw new RangeError(`no relation is called ${name}`);
    return relation;
  });
}

function readAction(name: string): Action {
  if (!Object.hasOwn(actions, name)) throw new RangeError(`no action is called ${name}`);
  return name as Action;
}

function readBox(text: string | undefined, values: ReadonlyMap<string, readonly string[]>): Box {
  const box = new Map<string, readonly string[]>(
    Object.entries(unsaid).map(([name, usual]) => [name, [usual]]),
  );
  for (const part of text?.split(' and ') ?? []) {
    const [, name = '', said = ''] = /^(\S+) (.+)$/.exec(part) ?? [];
    const all = values.get(name);
    if (all === undefined) throw new RangeError(`no dimension of records is called ${name}`);
    box.set(name, readValues(name, said, all));
  }
  return box;
}

function readValues(name: string, said: string, all: readonly string[]): readonly string[] {
  const known = name === 'codes' ? codeWords.find(({ words }) => words === said)?.sets : undefined;
  if (known !== undefined) return known;
  if (said === 'is any') return all;
  const [, not, list = ''] = /^is (not )?(.+)$/.exec(said) ?? [];
  const listed = list
    .split(' or ')
    .map((value) => (name === 'codes' ? (value === 'empty' ? '' : value.replaceAll('+', ',')) : value));
  for (const value of listed) if (!all.includes(value)) throw new RangeError(`${name} is never ${value}`);
  return not === undefined ? listed : all.filter((value) => !listed.includes(value));
}
