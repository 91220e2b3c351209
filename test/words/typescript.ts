/** A text of a file that people read. A fragment does not start with a sentence. */
export type Found = { readonly text: string; readonly line: number; readonly isFragment?: true };

type Token = { readonly kind: 'comment' | 'string'; readonly from: number; readonly to: number };

/**
 * Returns the comments of a TypeScript source, and its strings that are texts for people: names of tests, and strings
 * of four words or more outside `test/`. Consecutive line comments are one text.
 */
export function textsOfTypeScript(source: string, isTest: boolean): readonly Found[] {
  const tokens = tokensOf(source);
  const comments = joinLineComments(
    source,
    tokens.filter(({ kind }) => kind === 'comment'),
  );
  const strings = tokens
    .filter(({ kind }) => kind === 'string')
    .filter((token) => (isTest ? isTestName(source, token) : isMessage(source, token)));
  return [...comments, ...strings].map(({ from, to }) => ({
    text: withoutMarkup(source.slice(from, to)),
    line: lineAt(source, from),
    ...(source[from] === '}' ? { isFragment: true as const } : {}),
  }));
}

/** Returns the comments and strings of a source in their order. Throws for a source that ends inside of one. */
function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  // The braces that are open: those of a template's `${` return to its text when they close.
  const braces: ('{' | '${')[] = [];
  let at = 0;
  let before = '';
  while (at < source.length) {
    const token = tokenAt(source, at, before, braces);
    if (token.kind === 'comment' || token.kind === 'string')
      tokens.push({ kind: token.kind, from: at, to: token.to });
    if (token.kind !== 'space' && token.kind !== 'comment') before = source.slice(at, token.to);
    at = token.to;
  }
  return tokens;
}

type Next = { readonly kind: Token['kind'] | 'space' | 'code'; readonly to: number };

function tokenAt(source: string, at: number, before: string, braces: ('{' | '${')[]): Next {
  const rest = (pattern: RegExp) => {
    const sticky = new RegExp(pattern, 'suy');
    sticky.lastIndex = at;
    return sticky.exec(source)?.[0].length ?? 0;
  };
  const space = rest(/\s+/);
  if (space > 0) return { kind: 'space', to: at + space };
  const comment = rest(/\/\/[^\n]*|\/\*.*?\*\//);
  if (comment > 0) return { kind: 'comment', to: at + comment };
  const quoted = rest(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/);
  if (quoted > 0) return { kind: 'string', to: at + quoted };
  const closes = source[at] === '}' && braces.pop() === '${';
  if (source[at] === '`' || closes) {
    const text = rest(/[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)/);
    if (text === 0)
      throw new Error(`expected the end of the template that begins on line ${lineAt(source, at)}`);
    if (source.startsWith('${', at + text - 2)) braces.push('${');
    return { kind: 'string', to: at + text };
  }
  if (source[at] === '{') braces.push('{');
  const regex = startsExpression(before) ? rest(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/) : 0;
  return { kind: 'code', to: at + (regex || rest(/[\w$]+/) || 1) };
}

/** Checks whether a slash behind this token begins a regular expression; elsewhere it divides. */
function startsExpression(before: string): boolean {
  return /^(?:|[([{,;:=!&|?+*%<>~^-]|return|typeof|case|in|of|await|throw)$/.test(before);
}

function joinLineComments(source: string, comments: readonly Token[]): readonly Token[] {
  const joined: Token[] = [];
  for (const comment of comments) {
    const last = joined.at(-1);
    const follows = last !== undefined && /^\n[ \t]*$/.test(source.slice(last.to, comment.from));
    if (follows && source.startsWith('//', last.from) && source.startsWith('//', comment.from))
      joined[joined.length - 1] = { ...last, to: comment.to };
    else joined.push(comment);
  }
  return joined;
}

/** Checks whether a string is the first argument of `test`, `it` or `describe`, or of what their `each` returns. */
function isTestName(source: string, { from }: Token): boolean {
  const before = source.slice(Math.max(0, from - 60), from);
  return /(?:\b(?:test|it|describe|testOnReal)(?:\.\w+)*|\))\s*\(\s*$/.test(before);
}

/** Checks whether a string is a text for people: at least four words, and neither a GraphQL document nor code. */
function isMessage(source: string, { from, to }: Token): boolean {
  const text = source.slice(from + 1, to - 1);
  return /(?:\p{L}[\p{L}’',.:;]* ){3}/u.test(text) && !/[{}]\s|=>/.test(text.replace(/\$\{$/, ''));
}

/** Blanks what encloses a text, and the star that begins a line of a block comment. */
function withoutMarkup(text: string): string {
  return text
    .replaceAll(/^\/\*\*?|\*\/$/g, (markup) => ' '.repeat(markup.length))
    .replaceAll(/^[ \t]*(?:\*|\/\/)/gm, (markup) => ' '.repeat(markup.length))
    .replaceAll(/^[`'"}]|(?:[`'"]|\$\{)$/g, (markup) => ' '.repeat(markup.length));
}

/** Returns the line of an offset, from 1. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}
