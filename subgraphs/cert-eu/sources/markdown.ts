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
  for (const { line, heading } of linesOf(markdown)) {
    if (heading !== null && starts(heading.title, heading.level)) sections.push({ ...heading, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections.map(({ title, level, lines }) => ({ title, level, body: lines.join('\n').trim() }));
}

/** Returns the smallest level number of the headings whose title `counts` accepts. Returns 1 if it accepts none. */
export function topLevel(markdown: string, counts: (title: string) => boolean): number {
  const levels = linesOf(markdown).flatMap(({ heading }) =>
    heading !== null && counts(heading.title) ? [heading.level] : [],
  );
  return levels.length === 0 ? 1 : Math.min(...levels);
}

type Line = {
  readonly line: string;
  readonly heading: { readonly title: string; readonly level: number } | null;
};

/** Returns the lines of a text. A heading that is underlined with `===` or `---` is one line. */
function linesOf(markdown: string): readonly Line[] {
  const lines: Line[] = [];
  let isFenced = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (isFence(line)) isFenced = !isFenced;
    const level = isFenced ? undefined : /^(=|-)\1{2,}\s*$/.exec(line)?.[1];
    const above = lines.at(-1);
    if (level !== undefined && above !== undefined && isTitle(above)) {
      lines[lines.length - 1] = {
        line: above.line,
        heading: { title: plainTitle(above.line), level: level === '=' ? 1 : 2 },
      };
      continue;
    }
    const match = isFenced || line.length > maxHeading ? null : /^(#{1,6})\s+(.*)$/.exec(line);
    const heading =
      match === null ? null : { title: plainTitle(match[2] ?? ''), level: match[1]?.length ?? 0 };
    lines.push({ line, heading });
  }
  return lines;
}

/** Returns whether a line can be a heading that the next line underlines. */
function isTitle({ line, heading }: Line): boolean {
  return heading === null && line.length <= maxHeading && /^\w/.test(line) && !/[.|]\s*$/.test(line);
}

/** Returns true for a line that opens or closes a code block, but not for one that does both. */
function isFence(line: string): boolean {
  const text = line.trimStart();
  return text.startsWith('```') && !text.slice(3).includes('```');
}

/** A longer line is text, not a heading. This bounds the time that the regular expressions take. */
const maxHeading = 200;

/** Returns a heading in lower case, without emphasis, number, colon and a prefix such as `[Update]`. */
function plainTitle(title: string): string {
  return title
    .replaceAll(/[*_`]/g, '')
    .replaceAll(/\[[^\]]*\]|#+$/g, '')
    .replace(/^\s*(?:\d{1,2}[.)]\s+)?/, '')
    .replace(/\s*:?\s*$/, '')
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
