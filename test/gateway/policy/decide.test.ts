import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildSchema, isInputObjectType, isObjectType, parse, print, validate } from 'graphql';
import { type Decision, decide } from '../../../gateway/policy/decide.ts';
import { schemaOfKind } from '../../../gateway/introspection/schema-of-kind.ts';
import { coerceVariables } from '../../../gateway/request/operation.ts';
import { read } from '../../../schema/sources.ts';

const published = buildSchema(read('published.graphql'));

type Values = Readonly<Record<string, unknown>>;

/** Decides for a kind that may use all coordinates except the given ones. */
function decideWithout(hidden: readonly string[], text: string, variables: Values = {}): Decision {
  const document = parse(text);
  const ofKind = schemaOfKind(published, (type, field) => !hidden.includes(`${type}.${field}`));
  return decide({ document, variables: coerceVariables(document, variables, published) }, published, ofKind);
}

const flat = ({ allowed }: Decision) =>
  allowed === null ? null : print(allowed).replaceAll(/\s+/g, ' ').trim();

const coordinates = Object.values(published.getTypeMap())
  .filter((type) => isObjectType(type) || isInputObjectType(type))
  .filter((type) => !type.name.startsWith('__'))
  .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

const operation = `query ($id: ID!, $filter: AdvisoryFilter, $order: AdvisoryOrder = {direction: ASC}, $on: Boolean = false) {
  v: vulnerability(id: "CVE-2099-10001") { name ...V aliases ...V @include(if: $on) }
  advisory(id: $id) { title { value } envelope { marking { tlp } audience { reach } } ... on Advisory { serial } }
  advisories(filter: $filter, orderBy: $order, first: 3) { nodes { ...A } total { value } }
  since: mispEvents(filter: {since: "2026-01-01T00:00:00Z", threatLevel: HIGH}) { nodes { id } }
  memberStates { code exploitation { nodes { id } } }
} fragment V on Vulnerability { advisories { nodes { ...A } } records { nodes { ... { cveId } } } }
fragment A on Advisory { serial vulnerabilities { name } }`;

// The graph grows: without the coordinates of the types that the operation names, few runs would hide one of it.
const named = coordinates.filter((one) => /^(Advisory|Envelope|Marking|Vulnerability)\./.test(one));
const hiddenOnes = fc
  .tuple(fc.subarray(coordinates, { maxLength: 150 }), fc.subarray(named, { maxLength: 12 }))
  .map((some) => some.flat());

test('leaves a document that is valid for the kind, and refuses hidden coordinates only', () => {
  const text = operation.replace('threatLevel: HIGH', '');
  expect(validate(published, parse(text))).toEqual([]);
  let cut = 0;
  fc.assert(
    fc.property(hiddenOnes, fc.boolean(), (hidden, on) => {
      const variables = { id: 'Advisory:x', on, filter: { serial: 'S', since: '2026-01-01T00:00:00Z' } };
      const decision = decideWithout(hidden, text, variables);
      const shown = schemaOfKind(published, (type, field) => !hidden.includes(`${type}.${field}`));
      for (const coordinate of decision.refused) {
        const [, type = '', field = ''] = /^(\w+)\.(\w+)/.exec(coordinate) ?? [];
        const own = shown.getType(type);
        const has = (isObjectType(own) || isInputObjectType(own)) && own.getFields()[field] !== undefined;
        expect(has && !coordinate.includes('(')).toBe(false);
      }
      if (decision.allowed === null) return;
      if (decision.refused.length > 0) cut += 1;
      expect(validate(shown, decision.allowed).map(({ message }) => message)).toEqual([]);
    }),
    { numRuns: 100, seed: 20_261_129 },
  );
  expect(cut).toBeGreaterThan(20);
});

test('returns the same document if nothing is hidden', () => {
  const document = parse('{ memberStates { code } }');
  expect(decide({ document, variables: {} }, published, published)).toEqual({
    refused: [],
    refusedAt: [],
    allowed: document,
  });
});

test('removes fragments and variables that only removed fields used', () => {
  const text = `query ($f: AdvisoryFilter, $c: String!) {
    memberState: advisories(filter: $f) { nodes { ...A } } x: memberState(code: $c) { code }
  } fragment A on Advisory { serial }`;
  const decision = decideWithout(['Query.advisories'], text, { c: 'FR', f: { serial: 'S' } });
  expect(decision.refused).toEqual(['Query.advisories']);
  expect(flat(decision)).toBe('query ($c: String!) { x: memberState(code: $c) { code } }');
});

test('returns no document if only `__typename` is left', () => {
  for (const rest of ['', '__typename', '...{ t: __typename }', '...F'])
    expect(
      decideWithout(
        ['Query.advisories'],
        `{ ${rest} advisories { nodes { id } } } ${rest === '...F' ? 'fragment F on Query { __typename advisories { __typename } }' : ''}`,
      ),
    ).toMatchObject({ refused: ['Query.advisories'], allowed: null });
});

test('does not fetch an object whose requested fields are all hidden', () => {
  const hidden = coordinates.filter((one) => one.startsWith('Advisory.'));
  const decision = decideWithout(
    hidden,
    '{ advisory(id: "Advisory:x") { __typename } memberStates { code } }',
  );
  expect(decision.refused).toEqual(['Query.advisory']);
  expect(flat(decision)).toBe('{ memberStates { code } }');
});

describe('a field under @skip or @include', () => {
  const text = `query ($on: Boolean!, $off: Boolean = true) { memberStates { code }
    a: advisories @include(if: $on) { __typename } b: advisories @skip(if: $off) { __typename }
    ...F @include(if: $on) ... @include(if: $on) { advisories { __typename } } }
    fragment F on Query { advisories { __typename } memberState(code: "FR") { code } }`;

  test('is removed, but not reported as refused, if the client leaves it out', () => {
    const decision = decideWithout(['Query.advisories'], text, { on: false });
    expect(decision.refused).toEqual([]);
    expect(flat(decision)).not.toContain('advisories');
  });

  test.each([[{ on: true }], [{ on: false, off: false }]])(
    'is refused if the client asks for it: %j',
    (variables) => {
      expect(decideWithout(['Query.advisories'], text, variables).refused).toEqual(['Query.advisories']);
    },
  );

  test('is refused if another use of the fragment asks for it', () => {
    const twice = `{ ...F @include(if: false) ...F } fragment F on Query { advisories { __typename } }`;
    expect(decideWithout(['Query.advisories'], twice).refused).toEqual(['Query.advisories']);
  });
});

describe('a hidden member of a filter', () => {
  const hidden = ['AdvisoryFilter.serial'];
  const list = 'advisories(filter: $f) { nodes { id } }';
  test.each([
    ['written out', '{ advisories(filter: {serial: "S"}) { nodes { id } } memberStates { code } }', {}],
    [
      'with a variable in it',
      `query ($s: String) { advisories(filter: {serial: $s}) { nodes { id } } memberStates { code } }`,
      {},
    ],
    ['in a variable', `query ($f: AdvisoryFilter) { ${list} memberStates { code } }`, { f: { serial: 'S' } }],
    [
      'in a variable as null',
      `query ($f: AdvisoryFilter) { ${list} memberStates { code } }`,
      { f: { serial: null } },
    ],
    ['in a default', `query ($f: AdvisoryFilter = {serial: "S"}) { ${list} memberStates { code } }`, {}],
  ])('is refused %s', (_how, text, variables) => {
    const decision = decideWithout(hidden, text, variables);
    expect(decision.refused).toEqual(['AdvisoryFilter.serial']);
    expect(flat(decision)).toBe('{ memberStates { code } }');
  });

  test('does not affect the other members', () => {
    const text = `query ($f: AdvisoryFilter) { ${list} }`;
    expect(decideWithout(hidden, text, { f: { exploitedInTheWild: 'YES' } }).refused).toEqual([]);
    expect(decideWithout(hidden, text).refused).toEqual([]);
  });

  test('refuses an argument whose input type is hidden', () => {
    const all = coordinates.filter((one) => one.startsWith('AdvisoryFilter.'));
    const decision = decideWithout(
      all,
      `query ($f: AdvisoryFilter) { ${list} advisories { nodes { id } } }`.replace(
        'advisories(',
        'a: advisories(',
      ),
      {},
    );
    expect(decision.refused).toEqual(['Query.advisories(filter:)']);
    expect(flat(decision)).toBe('{ advisories { nodes { id } } }');
  });
});

test('rejects a variable of a wrong type with a constant error before the decision', () => {
  const document = parse(
    'query ($f: AdvisoryFilter, $n: Int!) { advisories(filter: $f, first: $n) { __typename } }',
  );
  for (const variables of [{}, { n: 'x' }, { n: 1, f: { serail: 'S' } }])
    expect(() => coerceVariables(document, variables, published)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
});

const placesOf = (hidden: readonly string[], text: string, variables: Values = {}) =>
  decideWithout(hidden, text, variables).refusedAt;

describe('refused places', () => {
  test('have the path of each refused field, under its alias and in fragments', () => {
    const text = `{ v: vulnerability(id: "CVE-2099-1") { ...F } w: vulnerability(id: "CVE-2099-2") { ...F } }
      fragment F on Vulnerability { name a: advisories { nodes { id } } }`;
    expect(placesOf(['Vulnerability.advisories'], text)).toEqual([
      { path: ['v', 'a'], coordinates: ['Vulnerability.advisories'] },
      { path: ['w', 'a'], coordinates: ['Vulnerability.advisories'] },
    ]);
  });

  test('end at the first list, so that they depend on no data', () => {
    const text = '{ advisories { nodes { serial title { value } vulnerabilities { aliases } } } }';
    expect(placesOf(['Advisory.serial', 'Vulnerability.aliases'], text)).toEqual([
      { path: ['advisories', 'nodes'], coordinates: ['Advisory.serial', 'Vulnerability.aliases'] },
    ]);
  });

  test('name a hidden member of an input, and leave out what the client skips', () => {
    const text = `query ($filter: AdvisoryFilter) {
      advisories(filter: $filter) { nodes { id } } x: advisories @skip(if: true) { nodes { serial } } }`;
    expect(placesOf(['AdvisoryFilter.serial', 'Advisory.serial'], text, { filter: { serial: 'S' } })).toEqual(
      [{ path: ['advisories'], coordinates: ['AdvisoryFilter.serial'] }],
    );
  });

  test('are joined by root field if there are more than 100', () => {
    const many = Array.from({ length: 101 }, (_, n) => `a${n}: name`).join(' ');
    const text = `{ v: vulnerability(id: "CVE-2099-1") { id ${many} } }`;
    expect(placesOf(['Vulnerability.name'], text)).toEqual([
      { path: ['v'], coordinates: ['Vulnerability.name'] },
    ]);
  });
});
