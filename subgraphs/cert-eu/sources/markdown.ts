/** A part of a Markdown text under one heading, as written, without the heading's own line. */
export type Section = { readonly title: string; readonly level: number; readonly body: string };

/**
 * Cuts a Markdown text at the headings that `begins` accepts; all others stay in the body of the part before them.
 * A `#` inside a fenced block is none: CERT-EU's advisories hold scripts. What stands before the first is left out.
 */
export function cutSections(
  markdown: string,
  begins: (title: string, level: number) => boolean,
): readonly Section[] {
  const sections: { title: string; level: number; lines: string[] }[] = [];
  let fenced = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (isFence(line)) fenced = !fenced;
    const heading = fenced || line.length > longestHeading ? null : /^(#{1,6})\s+(.*)$/.exec(line);
    const title = plainTitle(heading?.[2] ?? '');
    const level = heading?.[1]?.length ?? 0;
    if (heading !== null && begins(title, level)) sections.push({ title, level, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections.map(({ title, level, lines }) => ({ title, level, body: lines.join('\n').trim() }));
}

/** A line that opens or closes a block of code; one that does both on itself is none. */
function isFence(line: string): boolean {
  const text = line.trimStart();
  return text.startsWith('```') && !text.slice(3).includes('```');
}

/** A longer line is text: expressions that look for a line's end must not meet a megabyte of one. */
const longestHeading = 200;

/** A heading in small letters, without emphasis and without an `[Update]` before it. */
function plainTitle(title: string): string {
  return title
    .replaceAll(/[*_`]/g, '')
    .replaceAll(/\[[^\]]*\]|#+$/g, '')
    .trim()
    .toLowerCase();
}

/** The text's sentences without emphasis and addresses; a line that is only wrapped ends none. */
export function toSentences(markdown: string): readonly string[] {
  return markdown
    .replaceAll(/<br ?\/?>/gi, '\n\n')
    .replaceAll(/https?:\/\/[^\s<>"]+/gi, '')
    .replaceAll(/[*_`]/g, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-+>#]|\d+[.)])\s*)/)
    .flatMap((block) => block.replaceAll(/\s+/g, ' ').split(/(?<=[.!?]) (?=[^a-z])/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}
