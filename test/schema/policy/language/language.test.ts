import { expect, test } from '@jest/globals';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';

const texts = readPolicyTexts();

/**
 * Returns a function that loads the policy with one replacement in a file. Throws if the file does not contain `from`.
 */
function changed(file: string, from: string | RegExp, to: string) {
  const text = texts[file]?.replace(from, to) ?? '';
  if (text === texts[file]) throw new Error(`${file} does not contain ${String(from)}`);
  return () => policyOfTexts({ ...texts, [file]: text });
}

test.each([
  ['an unknown action', 'baseline.yaml', 'may: [read, search]', 'may: [read, serch]', 'may.1'],
  [
    'an unknown member',
    'baseline.yaml',
    '    being: anyone',
    '    being: anyone\n    unless: never',
    'unless',
  ],
  ['an empty list', 'baseline.yaml', 'may: [read, search]', 'may: []', 'may'],
  ['an unknown class of reader', 'baseline.yaml', 'who: [police, crime-purpose]', 'who: [polise]', 'polise'],
  ['an unknown kind', 'baseline.yaml', 'kinds: [UnionIncident]', 'kinds: [UnionIncidents]', 'UnionIncidents'],
  ['an unknown group', 'baseline.yaml', 'groups: [evidence]', 'groups: [evidense]', 'evidense'],
  ['an unknown fact', 'baseline.yaml', 'personal: [none]', 'person: [none]', 'person'],
  [
    'an unknown value of a fact',
    'baseline.yaml',
    'personal: [none]',
    'personal: [no]',
    'has no value no, expected one of none',
  ],
  ['an unknown TLP colour', 'baseline.yaml', 'tlp: [CLEAR]', 'tlp: [WHITE]', 'tlp'],
  ['two rules with one id', 'baseline.yaml', 'id: J03', 'id: J02', 'J02'],
  ['a rule without a reason', 'baseline.yaml', / +because: CLEAR has.*\n/, '', 'because'],
  ['an unknown role', 'domain.yaml', 'roles: [log-keeper]', 'roles: [log-keper]', 'log-keper'],
  ['a path with an unknown group', 'coordinates.yaml', 'Hub.public', 'Hub.publick', 'publick'],
  ['an unknown kind in a collection', 'domain.yaml', '    - MispEvent\n', '    - MispEvnt\n', 'MispEvnt'],
  ['a path with an unknown kind', 'coordinates.yaml', 'Advisory.content:', 'Advizory.content:', 'Advizory'],
  [
    'a field that is named twice',
    'coordinates.yaml',
    /(\n {2}MispEvent:[^]*?- info\n)/,
    '$1        - info\n',
    'MispEvent: info is named twice',
  ],
  ['a duplicate YAML key', 'domain.yaml', /version: (\d+)/, 'version: $1\nversion: 99', 'unique'],
  ['another format', 'domain.yaml', 'jcu-policy-domain/1', 'jcu-policy-domain/2', 'format'],
])('rejects a policy with %s and names the fault', (_what, file, from, to, words) => {
  expect(changed(file, from, to)).toThrow(words);
});

test.each([['permits access before an embargo ends but not after', 'embargo: [over]', 'embargo: [running]']])(
  'rejects a rule that %s',
  (_what, from, to) => {
    expect(changed('baseline.yaml', from, to)).toThrow('embargo');
  },
);

test('rejects a prohibition on a relation', () => {
  const rule = (texts['baseline.yaml'] ?? '').replace(
    /(id: J25a[^]*?)being: anyone/,
    '$1being: member of its custodian',
  );
  expect(() => policyOfTexts({ ...texts, 'baseline.yaml': rule })).toThrow('J25a');
});

const europol = (kind: string, owner = 'europol') => `format: jcu-policy-rules/1
owner: ${owner}
rules:
  - id: EUROPOL-01
    effect: prohibit
    who: [machines]
    being: anyone
    may: [read, search]
    kinds: [${kind}]
    groups: [all]
    because: In this test, Europol restricts its ransomware families to persons.
    source: own rule
`;

test('rejects a rule of one community on records of another', () => {
  const own = policyOfTexts({ ...texts, 'europol.yaml': europol('RansomwareFamily') });
  expect(own.source.rules.some(({ owner }) => owner === 'europol')).toBe(true);
  expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('Advisory') })).toThrow(
    'may not rule on Advisory',
  );
  expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('all') })).toThrow('may not rule on');
});

test('rejects a rules file whose owner differs from its name', () => {
  for (const owner of ['joint', 'enisa'])
    expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('RansomwareFamily', owner) })).toThrow(
      'owner',
    );
});

test('rejects a YAML alias, which could expand to a huge document', () => {
  const bomb = `${texts['domain.yaml']}\nextra: &a [x]\nother: [*a, *a]\n`;
  expect(() => policyOfTexts({ ...texts, 'domain.yaml': bomb })).toThrow();
});
