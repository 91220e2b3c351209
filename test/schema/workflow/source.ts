/** The states and moves that a Markdown text describes in tables, by section. */
export type SourceSection = {
  readonly section: string;
  /** Each list of states: one for each thing that has a state. */
  readonly states: readonly (readonly SourceState[])[];
  readonly moves: readonly SourceMove[];
};

/** A state in a list of states. */
export type SourceState = { readonly name: string; readonly flags: string };

/** A row of a table of moves. */
export type SourceMove = {
  readonly id: string;
  /** Each change of state as `from -> to`. `*` is every state that is not final, `-` no state, `=` the same state. */
  readonly edges: readonly string[];
  /** The text of the column on who makes the move. */
  readonly who: string;
};

/** Parses the sections of a Markdown text whose headings have a number such as W6, W9a or X1. */
export function parseSource(text: string): readonly SourceSection[] {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const section = sectionOf(line);
    if (section !== undefined) {
      lines = sections.get(section) ?? [];
      sections.set(section, lines);
    } else if (/^#{1,6} /.test(line)) lines = [];
    lines.push(line);
  }
  return [...sections].map(([section, own]) => ({
    section,
    states: own.flatMap(statesIn),
    moves: own.flatMap(movesIn),
  }));
}

/** Returns the number in a heading, or in bold at the start of a paragraph. */
function sectionOf(line: string): string | undefined {
  const heading = /^#{2,4} (.*)$/.exec(line)?.[1] ?? /^\*\*([WX]\d+[a-z]?\b[^*]*)\*\*/.exec(line)?.[1];
  return heading === undefined ? undefined : /\b([WX]\d+[a-z]?)\b/.exec(heading)?.[1];
}

/** A list of states: after a word such as `States:`, or directly after a bold heading. */
const listOfStates =
  /(?:\b[Ss]tates\b[^:`|]*:|\bGrant:|\bEach recipient:|^\*\*[WX]\d+[a-z]? [^*]*\*\*)((?:,? ?`[^`]+`(?: ?\([^)]*\))?)+)/g;

function statesIn(line: string): readonly (readonly SourceState[])[] {
  if (line.startsWith('|')) return [];
  return [...line.matchAll(listOfStates)].map(([, list = '']) =>
    [...list.matchAll(/`([a-z][a-z-]*)(?: \(([^)]*)\))?`/g)].map(([, name = '', flags = '']) => ({
      name,
      flags: flagsOf(flags),
    })),
  );
}

/** Returns the flags in the order `ift`: initial, final, computed from the clock. */
function flagsOf(text: string): string {
  const words = text.split(/[\s,]+/);
  return ['i', 'f', 't'].filter((flag) => words.includes(flag)).join('');
}

function movesIn(line: string): readonly SourceMove[] {
  const [, first = '', change = '', who = ''] = line.split('|').map((cell) => cell.trim());
  if (!/^[a-z]+\.[a-z]\w*/i.test(first)) return [];
  const prefix = first.slice(0, first.indexOf('.') + 1);
  const ids = first.split(' / ').map((name) => (name.includes('.') ? name : `${prefix}${name}`));
  return ids.map((id, at) => ({ id, edges: edgesOf(change, at), who }));
}

/** Parses a change of state. Of two moves in one row with `a <-> b`, the first leads to b and the second to a. */
function edgesOf(change: string, at: number): readonly string[] {
  const both = /^(.*) <-> (.*)$/.exec(change);
  if (both !== null) return edgesOf(at === 0 ? `${both[1]} -> ${both[2]}` : `${both[2]} -> ${both[1]}`, 0);
  return change.split(/;\s*|,\s*\w+:\s*/).flatMap((part) => edgesOfPart(part.replace(/^\w+: /, '')));
}

function edgesOfPart(part: string): readonly string[] {
  const stays = /^(.*?) \(stays\)/.exec(part);
  const [from = '', to] = stays === null ? part.split(/ -> /) : [stays[1] ?? '', '='];
  return namesIn(from).flatMap((one) => namesIn(to ?? '-').map((other) => `${one} -> ${other}`));
}

function namesIn(list: string): readonly string[] {
  return list.split(/, | or /).map((name) => name.trim());
}
