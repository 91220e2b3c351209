import { SaxesParser } from 'saxes';
import { bearsClassification } from '../../record/classification.ts';
import { decodeText, refuseUnsafe } from './parse-record.ts';
import { RejectError } from '../../record/reject.ts';

type Element = { readonly name: string; readonly members: Map<string, unknown[]>; text: string };

/**
 * Parses the bytes of an XML element into an object: each attribute and child element under its local name, as a list
 * of strings or objects, and the text as `text`. Throws RejectError, with the reason MALFORMED if the text is not
 * well-formed, uses an entity other than the five that XML predefines, or has a document type declaration. Other
 * entities are neither fetched nor expanded.
 */
export function parseElement(bytes: Buffer): unknown {
  const text = decodeText(bytes, bearsClassificationInMarkup);
  const { value, asides } = read(text);
  if (bearsClassification({ value, asides })) throw new RejectError('CLASSIFIED', 'a classified record');
  refuseUnsafe(value);
  return value;
}

/** Returns whether markup is classified, by its attributes, texts and comments. It need not be well-formed. */
export function bearsClassificationInMarkup(text: string): boolean {
  const parts: unknown[] = [];
  for (const [, name = '', , double, single] of text.matchAll(attribute)) {
    parts.push({ [localName(name)]: decodeReferences(double ?? single ?? '') });
  }
  for (const { within, value } of textsOf(text)) {
    parts.push(within.reduceRight<unknown>((inner, name) => ({ [name]: inner }), decodeReferences(value)));
  }
  return bearsClassification(parts);
}

const attribute = /([\w:.-]{1,200})\s{0,20}=\s{0,20}("([^"<]{0,1000})"|'([^'<]{0,1000})')/g;
/** The number of enclosing elements that may mark a text, because broken markup hides which are closed. */
const maxAround = 3;

type Text = { readonly within: readonly string[]; readonly value: string };

/** Yields the texts between tags and in comments, with the innermost open elements around them. */
function* textsOf(text: string): Generator<Text> {
  let within: readonly string[] = [];
  for (let at = 0; at < text.length;) {
    const [opening = '', closing = '>'] = aside.find(([begin = '']) => text.startsWith(begin, at)) ?? [];
    const isText = opening === '' && text[at] !== '<';
    const end = text.indexOf(isText ? '<' : closing, at + opening.length);
    const to = end === -1 ? text.length : end;
    const value = text.slice(at + opening.length, to);
    if (isText || opening !== '') yield { within, value: opening === '<?' ? withoutTarget(value) : value };
    else within = after(within, text.slice(at, at + 201));
    at = isText ? to : to + closing.length;
  }
}

function withoutTarget(instruction: string): string {
  return instruction.replace(/^\S{1,200}\s/, '');
}

function after(within: readonly string[], tag: string): readonly string[] {
  if (tag.startsWith('</')) return within.slice(0, -1);
  const name = localName(/^<([\w:.-]{1,200})/.exec(tag)?.[1] ?? '');
  return [...within, name].slice(-maxAround);
}

const aside: readonly (readonly string[])[] = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
];

type Read = { readonly value: unknown; readonly asides: readonly string[] };

/** Parses an element. The parser's message may quote the text, so it is dropped. */
function read(text: string): Read {
  const parser = new SaxesParser();
  try {
    return readElement(parser, text);
  } catch {
    if (bearsClassificationInMarkup(text)) throw new RejectError('CLASSIFIED', 'a classified record');
    const place = { line: parser.line, column: parser.column };
    throw new RejectError('MALFORMED', 'expected well-formed XML without a document type declaration', place);
  }
}

/** Uses no recursion, because the input may be nested deeper than the stack. */
function readElement(parser: SaxesParser, text: string): Read {
  const root: Element = { name: '', members: new Map(), text: '' };
  const open: Element[] = [root];
  const asides: string[] = [];
  parser.on('doctype', () => {
    throw new Error('a document type declaration');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name: localName(name), members: new Map(), text: '' };
    for (const [key, value] of Object.entries(attributes)) {
      if (!/^xmlns(?::|$)/.test(key)) add(element, localName(key), value);
    }
    open.push(element);
  });
  parser.on('closetag', () => {
    const element = open.pop();
    const parent = open.at(-1);
    if (element !== undefined && parent !== undefined) add(parent, element.name, toValue(element));
  });
  const takeText = (more: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += more;
  };
  parser.on('text', takeText);
  parser.on('cdata', takeText);
  parser.on('comment', (comment) => asides.push(comment));
  parser.on('processinginstruction', ({ body }) => asides.push(body));
  parser.write(text).close();
  const [value] = [...root.members.values()].flat();
  return { value, asides };
}

function add({ members }: Element, name: string, value: unknown): void {
  const known = members.get(name);
  if (known === undefined) members.set(name, [value]);
  else known.push(value);
}

/** `Object.fromEntries` makes `__proto__` an ordinary member, which `refuseUnsafe` then refuses. */
function toValue(element: Element): unknown {
  if (element.text.trim() !== '') add(element, 'text', element.text);
  return Object.fromEntries(element.members);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const known: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi,
    (all: string, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      if (name !== undefined) return known[String(name).toLowerCase()] ?? '';
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : all;
    },
  );
}
