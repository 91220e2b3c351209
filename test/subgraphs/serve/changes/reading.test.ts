import { expect, test } from '@jest/globals';
import type { Audience, Marking, Portion } from '../../../../schema/record/envelope.ts';
import { purposes, type Tlp } from '../../../../schema/record/vocabulary.ts';
import {
  isSame,
  isWider,
  loosened,
  type Reading,
  type ReadingInput,
  readingOf,
} from '../../../../subgraphs/serve/changes/reading.ts';
import { Refused } from '../../../../subgraphs/serve/changes/refused.ts';
import { markingOf, noAudience } from '../../../../subgraphs/serve/record/marking.ts';

const reading = (tlp: Tlp, more: Partial<Reading> = {}): Reading => ({
  marking: markingOf(tlp),
  audience: noAudience,
  purposes,
  embargoUntil: null,
  portions: [],
  ...more,
});
const marked = (tlp: Tlp, more: Partial<Marking>): Partial<Reading> => ({
  marking: { ...markingOf(tlp), ...more },
});
const named = (more: Partial<Audience>): Partial<Reading> => ({ audience: { ...noAudience, ...more } });
const portion = (path: string, tlp: Tlp, more: Partial<Audience> = {}): Portion => ({
  path,
  marking: markingOf(tlp),
  audience: { ...noAudience, ...more },
});
const certEu = named({ organisations: ['cert-eu'] });
const later = { embargoUntil: new Date('2030-01-02') };

const stricter: readonly (readonly [change: string, before: Reading, after: Reading])[] = [
  ['the colour', reading('GREEN'), reading('AMBER')],
  ['the PAP', reading('GREEN'), reading('GREEN', marked('GREEN', { pap: 'RED' }))],
  ['the distribution', reading('GREEN'), reading('GREEN', marked('GREEN', { distribution: 'LIMITE' }))],
  ['the handling codes', reading('GREEN'), reading('GREEN', marked('GREEN', { handlingCodes: ['H1'] }))],
  ['the restrictions', reading('GREEN'), reading('GREEN', marked('GREEN', { extraRestrictions: ['x'] }))],
  ['the reach', reading('CLEAR'), reading('CLEAR', named({ reach: 'COMMUNITY' }))],
  ['the organisations', reading('AMBER', certEu), reading('AMBER')],
  ['the purposes', reading('AMBER'), reading('AMBER', { purposes: ['incident-response'] })],
  ['the embargo', reading('GREEN'), reading('GREEN', later)],
];

test.each(stricter)('takes a change of %s as wider in one direction only', (_change, before, after) => {
  expect(isWider(before, after, false)).toBe(false);
  expect(isWider(after, before, false)).toBe(true);
});

test('takes an unchanged reading as not wider', () => {
  for (const [, before, after] of stricter) {
    expect(isWider(before, before, false)).toBe(false);
    expect(isWider(after, after, true)).toBe(false);
  }
});

test('takes a change as wider if one scale is stricter and another one wider', () => {
  const after = reading('RED', named({ persons: ['one'] }));
  expect(isWider(reading('AMBER'), after, false)).toBe(true);
});

test.each(['organisations', 'sharingGroups', 'persons', 'agreements'] as const)(
  'takes a new name among the %s as wider unless the record is open to everybody',
  (list) => {
    const after = reading('AMBER', named({ [list]: ['new'] }));
    expect(isWider(reading('CLEAR'), after, false)).toBe(true);
    expect(isWider(reading('CLEAR'), after, true)).toBe(false);
  },
);

test('ignores the raw label and the text of H3 when it compares markings', () => {
  const before = reading('GREEN', marked('GREEN', { h3Text: 'ask first', rawTlp: 'TLP:GREEN' }));
  expect(isWider(before, reading('GREEN', marked('GREEN', { h3Text: 'ask twice' })), false)).toBe(false);
});

test('finds the portions that a later reading drops or widens', () => {
  const before = reading('GREEN', {
    portions: [portion('summary', 'AMBER'), portion('title', 'RED', { persons: ['one'] })],
  });
  const paths = (portions: readonly Portion[]) =>
    loosened(before, reading('GREEN', { portions })).map(({ path }) => path);
  expect(paths(before.portions)).toEqual([]);
  expect(paths([])).toEqual(['summary', 'title']);
  expect(paths([portion('summary', 'RED'), portion('title', 'RED')])).toEqual([]);
  expect(paths([portion('summary', 'GREEN'), portion('title', 'RED')])).toEqual(['summary']);
  expect(paths([portion('summary', 'AMBER', { organisations: ['x'] }), portion('title', 'RED')])).toEqual([
    'summary',
  ]);
});

test('accepts a second portion of a path if one of them stays as strict', () => {
  const before = reading('GREEN', { portions: [portion('summary', 'AMBER')] });
  const portions = [portion('summary', 'GREEN'), portion('summary', 'RED')];
  expect(loosened(before, reading('GREEN', { portions }))).toEqual([]);
});

test('compares lists as sets', () => {
  expect(isSame({ own: ['FR', 'DE'], told: [] }, { told: [], own: ['DE', 'FR'] })).toBe(true);
  expect(isSame({ own: ['FR'] }, { own: ['DE'] })).toBe(false);
  expect(isSame({ own: ['FR'] }, {})).toBe(false);
});

const fields = new Set(['summary']);
const amber = { marking: { tlp: 'AMBER' } } as const;

test('reads an input, and takes the widest value for what it omits', () => {
  expect(readingOf(amber, fields)).toEqual(reading('AMBER'));
  const input: ReadingInput = {
    marking: { tlp: 'AMBER', pap: 'RED', h3Text: null },
    audience: { organisations: ['Organisation:cert-eu'], persons: null },
    purposes: ['audit'],
    ...later,
    portions: [{ path: 'summary', marking: { tlp: 'RED', pap: 'RED' } }],
  };
  expect(readingOf(input, fields)).toEqual({
    ...reading('AMBER', { ...marked('AMBER', { pap: 'RED' }), ...certEu, ...later }),
    purposes: ['audit'],
    portions: [{ ...portion('summary', 'RED'), marking: { ...markingOf('RED'), pap: 'RED' } }],
  });
});

const invalid: readonly (readonly [fault: string, path: readonly string[], input: ReadingInput])[] = [
  ['an unknown purpose', ['reading', 'purposes'], { ...amber, purposes: ['fun'] }],
  [
    'an organisation that is no key',
    ['reading', 'audience', 'organisations'],
    { ...amber, audience: { organisations: ['not a key!'] } },
  ],
  [
    'a portion of an unknown field',
    ['reading', 'portions'],
    { ...amber, portions: [{ path: 'title', marking: { tlp: 'RED' } }] },
  ],
  [
    'a portion that is wider than its record',
    ['reading', 'portions', '1'],
    {
      ...amber,
      portions: [
        { path: 'summary', marking: { tlp: 'RED' } },
        { path: 'summary', marking: { tlp: 'GREEN' } },
      ],
    },
  ],
];

test('reads a purpose that is repeated once', () => {
  expect(readingOf({ ...amber, purposes: ['audit', 'audit'] }, fields).purposes).toEqual(['audit']);
});

const names = (size: number) => Array.from({ length: size }, (_, at) => `Organisation:x-${at}`);

test.each(['organisations', 'sharingGroups', 'persons', 'agreements'] as const)(
  'refuses more than 1000 %s, of a record and of a portion',
  (list) => {
    const message = 'expected at most 1000 items, got 1001';
    const portionWith = (size: number) => ({
      path: 'summary',
      marking: { tlp: 'RED' as const },
      audience: { [list]: names(size) },
    });
    expect(() => readingOf({ ...amber, audience: { [list]: names(1000) } }, fields)).not.toThrow();
    expect(refusalOf({ ...amber, audience: { [list]: names(1001) } })).toEqual([
      { code: 'INVALID', path: ['reading', 'audience', list], message },
    ]);
    expect(refusalOf({ ...amber, portions: [portionWith(1000), portionWith(1001)] })).toEqual([
      { code: 'INVALID', path: ['reading', 'portions', '1', 'audience', list], message },
    ]);
  },
);

test.each(invalid)('refuses %s', (_fault, path, input) => {
  expect(refusalOf(input)).toMatchObject([{ code: 'INVALID', path }]);
});

function refusalOf(input: ReadingInput): Refused['errors'] {
  try {
    readingOf(input, fields);
  } catch (error) {
    if (error instanceof Refused) return error.errors;
    throw error;
  }
  throw new Error('expected a refusal');
}
