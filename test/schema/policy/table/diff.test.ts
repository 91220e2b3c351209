import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { diffPolicies } from '../../../../schema/policy/table/diff.ts';
import { parseLine } from '../../../../schema/policy/table/lines.ts';
import { type PolicyTexts, policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { decideByKeys } from '../../../../schema/policy/table/example.ts';
import { envelope, kinds, reader, allowedByRules } from '../decide/generated.ts';

const texts = readPolicyTexts();
const before = policyOfTexts(texts);

function edited(file: string, from: string | RegExp, to: string): Policy {
  const text = (texts[file] ?? '').replace(from, to);
  if (text === texts[file]) throw new Error(`${file} does not contain ${String(from)}`);
  return policyOfTexts({ ...texts, [file]: text });
}

function wordsOf(after: Policy): readonly string[] {
  return diffPolicies(before.source, after.source).changes.map(
    ({ effect, words }) => `${effect === 'gains' ? '+' : '-'} ${words}`,
  );
}

test('finds no difference between equivalent policies', () => {
  expect(wordsOf(before)).toEqual([]);
  expect(
    wordsOf(edited('baseline.yaml', 'tlp: [CLEAR, GREEN, AMBER]', 'tlp: [AMBER, GREEN, CLEAR]')),
  ).toEqual([]);
  expect(wordsOf(edited('domain.yaml', 'is: Private partners, as', 'is: Partners, private, as'))).toEqual([]);
});

test('reports exactly the access that a change adds', () => {
  const after = edited('baseline.yaml', 'tlp: [AMBER_STRICT]', 'tlp: [AMBER_STRICT, RED]');
  expect(wordsOf(after)).toEqual([
    expect.stringContaining(
      '+ not without-content, being recipient for its purpose, may read the content of',
    ),
  ]);
});

test('reports the access that a removed prohibition refused, for classified records too', () => {
  const after = edited('baseline.yaml', / {2}- id: J10\n[^]*?(?= {2}- id: J11\n)/, '');
  const lines = wordsOf(after);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.every((line) => line.startsWith('+') && line.includes('classification is classified'))).toBe(
    true,
  );
});

test('reports the loss of the former members when the definition of a class changes', () => {
  const after = edited(
    'domain.yaml',
    'roles: [police-officer, europol-analyst]\n',
    'roles: [police-officer]\n',
  );
  const lines = wordsOf(after);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every((line) => line.startsWith('-') && line.includes('former-police'))).toBe(true);
});

test('reports a field that moves to another group by its name', () => {
  const after = edited(
    'coordinates.yaml',
    /(Hub\.public:\n\s+- id\n\s+- name\n)\s+- aliases\n(\s+)VulnerabilityRecord\.content:\n/,
    '$1$2VulnerabilityRecord.content:\n        - aliases\n',
  );
  const lines = wordsOf(after);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every((line) => line.includes('read the Vulnerability.aliases of VulnerabilityRecord'))).toBe(
    true,
  );
});

test('reports access to records with a new value of a fact, which was unknown before', () => {
  const after = edited('domain.yaml', 'identity: [withheld,', 'identity: [pending, withheld,');
  const lines = wordsOf(after);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every((line) => line.startsWith('+') && line.includes('fact:identity is pending'))).toBe(true);
});

const count = before.source.rules.length;
const conditions = before.source.rules.flatMap((rule, at) =>
  [...rule.when.keys()].map((name) => ({
    at,
    path: name.startsWith('fact:') ? ['facts', name.slice(5)] : [name],
  })),
);
const classes = [...before.source.classes.keys()];

type Yaml = ReturnType<typeof parseDocument>;
type Edit = (document: Yaml) => void;
const edit: fc.Arbitrary<{ readonly what: string; readonly make: Edit }> = fc.oneof(
  fc
    .nat({ max: count - 1 })
    .map((at) => ({ what: `drop rule ${at}`, make: (one: Yaml) => void one.deleteIn(['rules', at]) })),
  fc.constantFrom(...conditions).map(({ at, path }) => ({
    what: `drop ${path.join('.')} of rule ${at}`,
    make: (one: Yaml) => {
      one.deleteIn(['rules', at, 'when', ...path]);
      if (path[0] === 'facts') one.deleteIn(['rules', at, 'when', 'facts']);
    },
  })),
  fc.tuple(fc.nat({ max: count - 1 }), fc.constantFrom(...classes)).map(([at, name]) => ({
    what: `rule ${at} for ${name} too`,
    make: (one: Yaml) => one.setIn(['rules', at, 'who'], [name]),
  })),
  fc.nat({ max: count - 1 }).map((at) => ({
    what: `invert rule ${at}`,
    make: (one: Yaml) => {
      const effect = one.getIn(['rules', at, 'effect']) === 'permit' ? 'prohibit' : 'permit';
      one.setIn(['rules', at, 'effect'], effect);
      one.setIn(['rules', at, 'being'], 'anyone');
      if (one.hasIn(['rules', at, 'when', 'embargo'])) one.deleteIn(['rules', at, 'when', 'embargo']);
    },
  })),
);

function editedBy(make: Edit): Policy {
  const document = parseDocument(texts['baseline.yaml'] ?? '');
  make(document);
  const changed: PolicyTexts = { ...texts, 'baseline.yaml': document.toString() };
  return policyOfTexts(changed);
}

test('reports every difference after a small edit, each with an example that the two policies decide differently', () => {
  const tried = { edits: 0, empty: 0, examples: 0, differences: 0 };
  fc.assert(
    fc.property(
      edit,
      fc.array(fc.tuple(fc.constantFrom(...kinds), reader, envelope), { minLength: 200, maxLength: 200 }),
      ({ make }, samples) => {
        const after = editedBy(make);
        const { changes } = diffPolicies(before.source, after.source);
        for (const { effect, example } of changes) {
          const { access, column, facts } = example;
          const decided = [before, after].map((policy) => decideByKeys(policy, access, column, facts));
          expect(decided).toEqual(effect === 'gains' ? [false, true] : [true, false]);
        }
        for (const [kind, one, row] of samples) {
          const reads = [before, after].map(({ source }) =>
            allowedByRules(source, one, kind, row, 'content'),
          );
          if (reads[0] === reads[1]) continue;
          tried.differences += 1;
          const effect = reads[1] === true ? 'gains' : 'loses';
          expect(
            changes.some(
              ({ effect: reported, line }) =>
                reported === effect &&
                line.kinds.includes(kind) &&
                line.groups.includes('content') &&
                line.may.includes('read'),
            ),
          ).toBe(true);
        }
        tried.edits += 1;
        tried.empty += Number(changes.length === 0);
        tried.examples += changes.length;
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
  expect(tried.examples).toBeGreaterThan(50);
  expect(tried.differences).toBeGreaterThan(0);
});

test('parses a formatted line to the same line', () => {
  const after = edited('baseline.yaml', 'tlp: [AMBER_STRICT]', 'tlp: [AMBER_STRICT, RED]');
  const { dimensions: values, domain } = after.source;
  for (const { words, line } of diffPolicies(before.source, after.source).changes) {
    const read = parseLine(words, { values, collections: domain.collections });
    expect({ ...read, when: Object.fromEntries(line.when) }).toEqual({
      ...line,
      kinds: read.kinds,
      when: Object.fromEntries(read.when),
    });
    expect(read.kinds.toSorted()).toEqual(line.kinds.toSorted());
  }
});
