import type { TextPlace } from '../../record/reject.ts';

/** Finds the place of the first fault in a text that is not JSON. The parser's own message may quote the text. */
export function findJsonFault(text: string): TextPlace {
  return placeIn(text, offsetOfFault(text));
}

/** Returns the line and column of an offset. */
export function placeIn(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/** The next token: a value, a member name, a colon, or the end of a value. */
type Expects = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'end of value';

const space = /[ \t\n\r]*/y;
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

function offsetOfFault(text: string): number {
  const open: string[] = [];
  let expects = 'value' as Expects;
  let at = 0;
  for (;;) {
    at = endOf(space, text, at);
    const character = text[at];
    if (character === undefined) return at;
    if (expects === 'colon') {
      if (character !== ':') return at;
      expects = 'value';
      at += 1;
    } else if (expects === 'end of value') {
      const inside = open.at(-1);
      if (character === ',' && inside !== undefined) expects = inside === '{' ? 'name' : 'value';
      else if (inside !== undefined && character === (inside === '{' ? '}' : ']')) open.pop();
      else return at;
      at += 1;
    } else if (
      (character === '}' && expects === 'name or }') ||
      (character === ']' && expects === 'value or ]')
    ) {
      open.pop();
      expects = 'end of value';
      at += 1;
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (end === -1) return at;
      expects = expects === 'name' || expects === 'name or }' ? 'colon' : 'end of value';
      at = end;
    } else {
      if (expects === 'name' || expects === 'name or }') return at;
      if (character === '{' || character === '[') {
        open.push(character);
        expects = character === '{' ? 'name or }' : 'value or ]';
        at += 1;
      } else {
        const end = endOf(scalar, text, at);
        if (end === at) return at;
        expects = 'end of value';
        at = end;
      }
    }
  }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Returns the offset after a string; -1 if it does not end, or has a character that JSON does not allow. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"') return at + 1;
    if (character < ' ') return -1;
    if (character === '\\') {
      if (!/^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at + 1, at + 6))) return -1;
      at += 1;
    }
  }
  return -1;
}
