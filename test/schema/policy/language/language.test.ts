import { expect, test } from '@jest/globals';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';

const texts = readPolicyTexts();

/** The policy with one file changed by a replacement that must have taken place. */
function changed(file: string, from: string | RegExp, to: string) {
  const text = texts[file]?.replace(from, to) ?? '';
  if (text === texts[file]) throw new Error(`${file} has nothing like ${String(from)}`);
  return () => policyOfTexts({ ...texts, [file]: text });
}

test.each([
  ['a word that is no action', 'baseline.yaml', 'may: [read, search, export]', 'may: [read, serch]', 'may.1'],
  [
    'a member too many',
    'baseline.yaml',
    '    being: anyone',
    '    being: anyone\n    unless: never',
    'unless',
  ],
  ['an empty list', 'baseline.yaml', 'may: [read, search, export]', 'may: []', 'may'],
  ['a class that nobody defined', 'baseline.yaml', 'who: [police, crime-purpose]', 'who: [polise]', 'polise'],
  [
    'a kind that is none',
    'baseline.yaml',
    'kinds: [UnionIncident]',
    'kinds: [UnionIncidents]',
    'UnionIncidents',
  ],
  ['a group that is none', 'baseline.yaml', 'groups: [evidence]', 'groups: [evidense]', 'evidense'],
  ['a fact that is none', 'baseline.yaml', 'personal: [none]', 'person: [none]', 'person'],
  ['a value that a fact never has', 'baseline.yaml', 'personal: [none]', 'personal: [no]', 'never no'],
  ['a colour that is none', 'baseline.yaml', 'tlp: [CLEAR]', 'tlp: [WHITE]', 'tlp'],
  ['two rules of one id', 'baseline.yaml', 'id: J03', 'id: J02', 'J02'],
  ['a rule without a reason', 'baseline.yaml', / +because: CLEAR has.*\n/, '', 'because'],
  ['a role that is none', 'domain.yaml', 'roles: [log-keeper]', 'roles: [log-keper]', 'log-keper'],
  ['a place of no group', 'coordinates.yaml', 'Hub.public', 'Hub.publick', 'publick'],
  ['a kind that is none in a collection', 'domain.yaml', '    - MispEvent\n', '    - MispEvnt\n', 'MispEvnt'],
  ['a place of no kind', 'coordinates.yaml', 'Advisory.content:', 'Advizory.content:', 'Advizory'],
  [
    'a field that is named twice',
    'coordinates.yaml',
    /(\n {2}MispEvent:[^]*?- info\n)/,
    '$1        - info\n',
    'MispEvent: info is named twice',
  ],
  ['a key twice', 'domain.yaml', /version: (\d+)/, 'version: $1\nversion: 99', 'unique'],
  ['another format', 'domain.yaml', 'jcu-policy-domain/1', 'jcu-policy-domain/2', 'format'],
])('a policy with %s is refused, and the fault named', (_what, file, from, to, words) => {
  expect(changed(file, from, to)).toThrow(words);
});

test.each([['permits before an embargo what it refuses after', 'embargo: [over]', 'embargo: [running]']])(
  'a rule that %s cannot be compiled, and is refused',
  (_what, from, to) => {
    expect(changed('baseline.yaml', from, to)).toThrow('embargo');
  },
);

test('a prohibition on a relation cannot be compiled into keys, and is refused', () => {
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
    because: Europol gives its families to persons only, in this test of what a community may say.
    source: own rule
`;

test('a community rules on its own records, and on no other’s', () => {
  const own = policyOfTexts({ ...texts, 'europol.yaml': europol('RansomwareFamily') });
  expect(own.source.rules.some(({ owner }) => owner === 'europol')).toBe(true);
  expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('Advisory') })).toThrow(
    'may not rule on Advisory',
  );
  expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('all') })).toThrow('may not rule on');
});

test('a file says the owner that its name says: no community speaks for another or for all', () => {
  for (const owner of ['joint', 'enisa'])
    expect(() => policyOfTexts({ ...texts, 'europol.yaml': europol('RansomwareFamily', owner) })).toThrow(
      'owner',
    );
});

test('an alias in YAML is refused: a file stays as large as it looks', () => {
  const bomb = `${texts['domain.yaml']}\nextra: &a [x]\nother: [*a, *a]\n`;
  expect(() => policyOfTexts({ ...texts, 'domain.yaml': bomb })).toThrow();
});
