/** The stored name of an initiator, and the actors that the name refers to. */
export type InitiatorName = {
  /** Null if the dataset has none, or if it may be the name of a person. */
  readonly name: string | null;
  /** The actor itself, then the actors that it is part of. */
  readonly actors: readonly string[];
};

const noName: InitiatorName = { name: null, actors: [] };

/**
 * Reads a cell such as `Andariel/Silent Chollima < Lazarus Group (RGB, Unit 180)`: the names of an actor, the actor that
 * it is part of, and in brackets its sponsor. The first name in the alias tables decides the actor, since the dataset
 * joins actors that the galaxies keep apart. A name that is not in the alias tables and may be a person's is not kept,
 * since the dataset names suspects.
 */
export function readInitiatorName(
  cell: string,
  category: string | null,
  resolveActor: (name: string) => string | null,
): InitiatorName {
  if (/^\s*(|not available|unknown)\s*$/i.test(cell)) return noName;
  const sections = withoutBrackets(cell).split('<').map(namesIn);
  const actors = sections.map((names) => findActor([cell, ...names], names, resolveActor));
  const isKnown = actors.some((key) => key !== null && isShared(key));
  if (!isKnown && (category === individual || !isSurelyGroup(withoutBrackets(cell)))) return noName;
  return { name: cell.trim(), actors: [...new Set(actors.filter((key) => key !== null))] };
}

/** Returns the names of a cell that are looked up in the alias tables, without bracketed text. */
export function namesOfInitiator(cell: string): readonly string[] {
  return withoutBrackets(cell).split('<').flatMap(namesIn);
}

const individual = 'Individual hacker(s)';

/** Removes bracketed text, including nested brackets. An unmatched bracket stays. */
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

/** Returns the first key from the alias tables, or else the key of the first name. */
function findActor(
  candidates: readonly string[],
  names: readonly string[],
  resolveActor: (name: string) => string | null,
): string | null {
  const keys = candidates.map(resolveActor);
  return keys.find((key) => key !== null && isShared(key)) ?? resolveActor(names[0] ?? '');
}

function isShared(key: string): boolean {
  return !key.startsWith('ThreatActor:name:');
}

/** Returns true if the text has a term for a group or body, or the designation of a tracked actor. */
function isSurelyGroup(text: string): boolean {
  return groupWords.test(text) || designations.test(text);
}

const groupWords = new RegExp(
  String.raw`\b(anonymous|lulzsec|hamas|hezbollah|fsb|gru|svr|mss|pla|cia|isi|bnd|gchq|sbu|group|teams?|army|crew|gang|` +
    String.raw`ransomware|hackers?|hacktivists?|cyber\w*|unit|ministry|services?|agency|bureau|department|directorate|` +
    String.raw`government|armed|forces?|police|corps|command|company|committee|brotherhood|alliance|militants?|militias)\b`,
  'i',
);
const designations = /\b(APT|APT-C|UNC|UNSC|DEV|TAG|UAC|TA|ITG|FIN|WIP|Storm|TG)[- ]?\d+\b/;
