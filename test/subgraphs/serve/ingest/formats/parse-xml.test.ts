import { expect, test } from '@jest/globals';
import {
  bearsClassificationInMarkup,
  parseElement,
} from '../../../../../subgraphs/serve/ingest/formats/parse-xml.ts';
import { RejectError } from '../../../../../subgraphs/serve/record/reject.ts';

const parse = (text: string) => parseElement(Buffer.from(text));

function refusalOf(text: string | Buffer): RejectError | null {
  try {
    parseElement(Buffer.from(text));
    return null;
  } catch (error) {
    if (error instanceof RejectError) return error;
    throw error;
  }
}

function reasonFor(text: string | Buffer): string {
  return refusalOf(text)?.reason ?? 'taken';
}

test('returns attributes and elements by local name, each as a list, and text as `text`', () => {
  expect(
    parse('<x:one xmlns:x="urn:x" a="1 &amp; &#50;"><b c="d"/><b>w<![CDATA[<o>]]>rds</b><a>2</a> </x:one>'),
  ).toEqual({ a: ['1 & 2', { text: ['2'] }], b: [{ c: ['d'] }, { text: ['w<o>rds'] }] });
});

test('keeps formulas as text', () => {
  expect(parse('<one a="=1+1">=cmd|x</one>')).toEqual({ a: ['=1+1'], text: ['=cmd|x'] });
});

test.each([
  ['an entity that XML does not have', '<one>&OPENSESAME;</one>', 'MALFORMED'],
  ['a DTD before it', '<!DOCTYPE one [<!ENTITY a "OPENSESAME">]><one>&a;</one>', 'MALFORMED'],
  ['a DTD that is not used', '<!DOCTYPE one SYSTEM "file:///OPENSESAME"><one/>', 'MALFORMED'],
  ['a declaration within it', '<one><!ENTITY a "OPENSESAME"></one>', 'MALFORMED'],
  ['tags that do not match', '<one><OPENSESAME></one>', 'MALFORMED'],
  ['an attribute twice', '<one a="1" a="OPENSESAME"/>', 'MALFORMED'],
  ['a NUL', '<one>\0</one>', 'MALFORMED'],
  ['a NUL by its number', '<one>&#0;</one>', 'MALFORMED'],
  ['a second element', '<one/><two/>', 'MALFORMED'],
  ['bytes that are no UTF-8', Buffer.from('<one>\xff</one>', 'latin1'), 'WRONG_ENCODING'],
  ['a name that reaches a prototype', '<one><__proto__>OPENSESAME</__proto__></one>', 'UNSAFE_KEY'],
  ['an attribute that reaches a prototype', '<one __proto__="OPENSESAME"/>', 'UNSAFE_KEY'],
  ['a text that is too long', `<one>${'OPENSESAME'.repeat(100_001)}</one>`, 'TOO_LONG'],
  ['a depth of no honest record', `<one>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</one>`, 'TOO_DEEP'],
])('refuses %s and quotes nothing of it', (_what, text, reason) => {
  expect(reasonFor(text)).toBe(reason);
  expect(refusalOf(text)?.message).not.toContain('OPENSESAME');
});

test.each([
  ['an attribute for it', '<one classification="SECRET"/>'],
  ['an element for it', '<one><marking><level>SECRET</level></marking></one>'],
  ['a banner', '<one><text>\nNATO SECRET\nwords</text></one>'],
  ['a comment', '<one><!-- NATO SECRET --></one>'],
  ['an instruction', '<one><?mark NATO SECRET?></one>'],
  ['CDATA', '<one><![CDATA[NATO SECRET]]></one>'],
  ['numbers for its letters', '<one>NATO &#83;&#x45;CRET</one>'],
])('finds %s that classifies a record, well-formed or not', (_what, text) => {
  expect(reasonFor(text)).toBe('CLASSIFIED');
  expect(reasonFor(text.replace('</one>', '</OPENSESAME>').replace(/"\/>$/, '">'))).toBe('CLASSIFIED');
  expect(reasonFor(Buffer.concat([Buffer.from(text), Buffer.from([0xff])]))).toBe('CLASSIFIED');
});

test('takes neither a mention nor a code as a classification', () => {
  const text = '<one classificationCode="P"><remark>He works for the NATO SECRET archive</remark></one>';
  expect(reasonFor(text)).toBe('taken');
  expect(bearsClassificationInMarkup(text)).toBe(false);
});

test.each(['<!--', '<![CDATA[', '<?', '<', '<a b="', 'a = ', '&#', "<a b='<"])(
  'searches markup with many unclosed parts in linear time: %s',
  (piece) => {
    expect(bearsClassificationInMarkup(piece.repeat(200_000))).toBe(false);
    expect(bearsClassificationInMarkup(`a${' '.repeat(1_000_000)}${piece}`)).toBe(false);
  },
);
