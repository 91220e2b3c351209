/** The Markdown text under one heading, without the heading line. */
export type Section = { readonly title: string; readonly level: number; readonly body: string };

/**
 * Splits a Markdown text at the headings that `starts` accepts. Other headings stay in the body of their section. A `#`
 * inside a fenced code block is not a heading, since advisories contain scripts. Text before the first section is
 * dropped.
 */
export function cutSections(
  markdown: string,
  starts: (title: string, level: number) => boolean,
): readonly Section[] {
  const sections: { title: string; level: number; lines: string[] }[] = [];
  let isFenced = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (isFence(line)) isFenced = !isFenced;
    const heading = isFenced || line.length > maxHeading ? null : /^(#{1,6})\s+(.*)$/.exec(line);
    const title = plainTitle(heading?.[2] ?? '');
    const level = heading?.[1]?.length ?? 0;
    if (heading !== null && starts(title, level)) sections.push({ title, level, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections.map(({ title, level, lines }) => ({ title, level, body: lines.join('\n').trim() }));
}

/** Returns true for a line that opens or closes a code block, but not for one that does both. */
function isFence(line: string): boolean {
  const text = line.trimStart();
  return text.startsWith('```') && !text.slice(3).includes('```');
}

/** A longer line is text, not a heading. This bounds the time that the regular expressions take. */
const maxHeading = 200;

/** Returns a heading in lower case, without emphasis and without a prefix such as `[Update]`. */
function plainTitle(title: string): string {
  return title
    .replaceAll(/[*_`]/g, '')
    .replaceAll(/\[[^\]]*\]|#+$/g, '')
    .trim()
    .toLowerCase();
}

/** Splits a text into sentences, without emphasis and web addresses. A wrapped line does not end a sentence. */
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
