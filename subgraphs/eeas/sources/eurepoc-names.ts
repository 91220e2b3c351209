/** An initiator as it is held: its name in the dataset's words, and the actors that the name leads to. */
export type InitiatorName = {
  /** Null where the dataset has none, and where it may be a person's. */
  readonly name: string | null;
  /** The initiator's own actor, then those that it is said to be part of. */
  readonly actors: readonly string[];
};

const nobody: InitiatorName = { name: null, actors: [] };

/**
 * Reads a cell such as `Andariel/Silent Chollima < Lazarus Group (RGB, Unit 180)`: names of one actor, what it is part of,
 * and in brackets who is behind it. The first name that the alias tables know says which actor it is, since the
 * galaxies tell actors apart that the dataset takes for one. Who is no actor of the alias tables and may be a person is
 * not held: the dataset names suspects, too.
 */
export function readInitiatorName(
  cell: string,
  category: string | null,
  resolveActor: (name: string) => string | null,
): InitiatorName {
  if (/^\s*(|not available|unknown)\s*$/i.test(cell)) return nobody;
  const sections = withoutBrackets(cell).split('<').map(namesIn);
  const actors = sections.map((names) => findActor([cell, ...names], names, resolveActor));
  const isKnown = actors.some((key) => key !== null && isShared(key));
  if (!isKnown && (category === individual || !isSurelyMany(withoutBrackets(cell)))) return nobody;
  return { name: cell.trim(), actors: [...new Set(actors.filter((key) => key !== null))] };
}

/** The names of a cell as they are asked of the alias tables, without what is in brackets. */
export function namesOfInitiator(cell: string): readonly string[] {
  return withoutBrackets(cell).split('<').flatMap(namesIn);
}

const individual = 'Individual hacker(s)';

/** Brackets within brackets go with them; one that has no partner stays. */
function withoutBrackets(cell: string): string {
  const kept: string[] = [];
  const open: number[] = [];
  for (const character of cell) {
    const from = character === ')' ? open.pop() : undefined;
    if (character === '(') open.push(kept.length);
    if (from !== undefined) kept.length = from;
    kept.push(from === undefined ? character : ' ');
  }
  return kept.join('');
}

function namesIn(section: string): readonly string[] {
  return section
    .split(/\/|\b[fa]ka\b/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The first that is shared; otherwise what the first name is called here. */
function findActor(
  asked: readonly string[],
  names: readonly string[],
  resolveActor: (name: string) => string | null,
): string | null {
  const keys = asked.map(resolveActor);
  return keys.find((key) => key !== null && isShared(key)) ?? resolveActor(names[0] ?? '');
}

function isShared(key: string): boolean {
  return !key.startsWith('ThreatActor:name:');
}

/** Words and marks of groups, bodies and trackers' designations, which no person's name has. */
function isSurelyMany(text: string): boolean {
  return groupWords.test(text) || designations.test(text);
}

const groupWords = new RegExp(
  String.raw`\b(anonymous|lulzsec|hamas|hezbollah|fsb|gru|svr|mss|pla|cia|isi|bnd|gchq|sbu|group|teams?|army|crew|gang|` +
    String.raw`ransomware|hackers?|hacktivists?|cyber\w*|unit|ministry|services?|agency|bureau|department|directorate|` +
    String.raw`government|armed|forces?|police|corps|command|company|committee|brotherhood|alliance|militants?|militias)\b`,
  'i',
);
const designations = /\b(APT|APT-C|UNC|UNSC|DEV|TAG|UAC|TA|ITG|FIN|WIP|Storm|TG)[- ]?\d+\b/;
