import { handlingCodes } from '../../record/vocabulary.ts';
import type { Box, ReaderCondition } from './cover.ts';
import { type Action, actions, recordDimensions, type Relation, relations } from '../language/domain.ts';

/**
 * A block of cells. `formatLine` prints it for people and `parseLine` parses the text: "police and not operators, being
 * recipient, may read, search the content of Contribution, when tlp is AMBER or RED and embargo is over".
 */
export type Line = {
  /** Conditions on the reader: one of them must match. */
  readonly who: readonly ReaderCondition[];
  /** Relations, of which one must hold. Null: any relation or none. */
  readonly relations: readonly Relation[] | null;
  readonly may: readonly Action[];
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  readonly when: Box;
};

/** The values that a record has in these dimensions unless a line states others. */
const defaults: Readonly<Record<string, string>> = {
  picture: 'same',
  marking: 'valid',
  classification: 'none',
};

/** Tells whether these are the default values of a dimension, which a line omits. */
export function isDefault(name: string, taken: readonly string[]): boolean {
  return taken.length === 1 && taken[0] === defaults[name];
}

/** The text for the relation block `anyone`: readers in no relation that a rule has a condition on. */
const nobodyInParticular = 'nobody in particular';

/** The vocabulary of lines: all values of each dimension, and the collections of kinds. */
export type LineVocabulary = {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly collections: Readonly<Record<string, readonly string[]>>;
};

/** Formats a line. Uses the shorter of "is" and "is not", and the name of a collection for all of its kinds. */
export function formatLine(line: Line, { values, collections }: LineVocabulary): string {
  const when = formatBox(line.when, values);
  const what = formatAccess({ ...line, kinds: shortenKinds(line.kinds, collections) });
  return `${formatReaders(line)}, may ${what}${when === '' ? '' : `, when ${when}`}`;
}

function shortenKinds(
  kinds: readonly string[],
  collections: LineVocabulary['collections'],
): readonly string[] {
  const names = Object.entries(collections).toSorted(([, one], [, other]) => other.length - one.length);
  const [name, members = []] =
    names.find(([, all]) => all.length > 1 && all.every((kind) => kinds.includes(kind))) ?? [];
  if (name === undefined) return kinds;
  const left = kinds.filter((kind) => !members.includes(kind));
  return [name, ...(left.length === 0 ? [] : shortenKinds(left, collections))];
}

/** Formats readers in their relations: "police, being recipient". */
export function formatReaders({ who, relations: names }: Pick<Line, 'who' | 'relations'>): string {
  const related =
    names?.map((name) => (name === 'anyone' ? nobodyInParticular : name)).join(' or ') ?? 'anyone';
  return `${formatConditions(who)}, being ${related}`;
}

/** Formats an access: "read, search the content of Advisory". */
export function formatAccess({ may, groups, kinds }: Pick<Line, 'may' | 'groups' | 'kinds'>): string {
  return `${may.join(', ')} the ${groups.join(', ')} of ${kinds.join(', ')}`;
}

/** Formats conditions on the reader: "police and not operators or csirts". */
export function formatConditions(who: readonly ReaderCondition[]): string {
  return who
    .map(({ of, notOf }) => [...of, ...notOf.map((name) => `not ${name}`)].join(' and ') || 'anyone')
    .join(' or ');
}

/**
 * Formats conditions on the record. Default values are omitted; the text is empty for a box without other conditions.
 */
export function formatBox(box: Box, values: ReadonlyMap<string, readonly string[]>): string {
  const stated = new Map(box);
  for (const name of Object.keys(defaults)) {
    if (!values.has(name)) continue;
    const all = values.get(name) ?? [];
    const taken = stated.get(name) ?? all;
    if (isDefault(name, taken)) stated.delete(name);
    else stated.set(name, taken);
  }
  return [...stated]
    .map(([name, taken]) => `${name} ${formatValues(name, taken, values.get(name) ?? [])}`)
    .join(' and ');
}

function formatValues(name: string, taken: readonly string[], all: readonly string[]): string {
  const others = all.filter((value) => !taken.includes(value));
  if (name === 'codes') return formatCodes(taken);
  if (others.length === 0) return 'is any';
  return others.length < taken.length ? `is not ${others.join(' or ')}` : `is ${taken.join(' or ')}`;
}

/** Formats sets of handling codes: "is within H0", "has any of H2", or the list of the sets. */
function formatCodes(taken: readonly string[]): string {
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

/** Parses a line of `formatLine`. Throws RangeError for a malformed line and for unknown names and values. */
export function parseLine(text: string, { values, collections }: LineVocabulary): Line {
  const parts =
    /^(?<who>.+?), being (?<being>.+?), may (?<may>[a-z, -]+?) the (?<groups>[A-Za-z0-9_., -]+?) of (?<kinds>[A-Za-z0-9, -]+?)(?:, when (?<when>.+))?$/.exec(
      text,
    )?.groups;
  if (parts === undefined)
    throw new RangeError(`expected a line in the format of \`hub policy diff\`, got: ${text}`);
  return {
    who: parseReaders(parts['who'] ?? ''),
    relations: parseRelations(parts['being'] ?? ''),
    may: (parts['may'] ?? '').split(', ').map(parseAction),
    groups: (parts['groups'] ?? '').split(', '),
    kinds: (parts['kinds'] ?? '').split(', ').flatMap((name) => collections[name] ?? name),
    when: parseBox(parts['when'], values),
  };
}

function parseReaders(text: string): readonly ReaderCondition[] {
  return text.split(' or ').map((words) => {
    const names = words === 'anyone' ? [] : words.split(' and ');
    return {
      of: names.filter((name) => !name.startsWith('not ')),
      notOf: names.filter((name) => name.startsWith('not ')).map((name) => name.slice('not '.length)),
    };
  });
}

function parseRelations(text: string): readonly Relation[] | null {
  if (text === 'anyone') return null;
  return text.split(' or ').map((name) => {
    const relation = relations.find((one) => one === (name === nobodyInParticular ? 'anyone' : name));
    if (relation === undefined)
      throw new RangeError(`unknown relation ${name}, expected one of: ${relations.join('; ')}`);
    return relation;
  });
}

function parseAction(name: string): Action {
  if (!Object.hasOwn(actions, name))
    throw new RangeError(`unknown action ${name}, expected one of ${Object.keys(actions).join(', ')}`);
  return name as Action;
}

function parseBox(text: string | undefined, values: ReadonlyMap<string, readonly string[]>): Box {
  const box = new Map<string, readonly string[]>(
    Object.entries(defaults).map(([name, value]) => [name, [value]]),
  );
  for (const part of text?.split(' and ') ?? []) {
    const [, name = '', predicate = ''] = /^(\S+) (.+)$/.exec(part) ?? [];
    const all = values.get(name);
    if (all === undefined)
      throw new RangeError(`unknown dimension ${name}, expected one of ${[...values.keys()].join(', ')}`);
    box.set(name, parseValues(name, predicate, all));
  }
  return box;
}

function parseValues(name: string, predicate: string, all: readonly string[]): readonly string[] {
  const known = name === 'codes' ? codeWords.find(({ words }) => words === predicate)?.sets : undefined;
  if (known !== undefined) return known;
  if (predicate === 'is any') return all;
  const [, not, list = ''] = /^is (not )?(.+)$/.exec(predicate) ?? [];
  const listed = list
    .split(' or ')
    .map((value) => (name === 'codes' ? (value === 'empty' ? '' : value.replaceAll('+', ',')) : value));
  for (const value of listed)
    if (!all.includes(value))
      throw new RangeError(`${name} has no value ${value}, expected one of ${all.join(', ')}`);
  return not === undefined ? listed : all.filter((value) => !listed.includes(value));
}
