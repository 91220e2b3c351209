import { expect, test } from '@jest/globals';
import { checkPolicy } from '../../../../schema/policy/check/check.ts';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { formatCheck } from '../../../../schema/policy/check/report.ts';

const texts = readPolicyTexts();

function findings(file: string, from: string | RegExp, to: string): readonly string[] {
  const text = (texts[file] ?? '').replace(from, to);
  if (text === texts[file]) throw new Error(`${file} has nothing like ${String(from)}`);
  return checkPolicy(policyOfTexts({ ...texts, [file]: text })).findings;
}

/** Returns the findings of the baseline with one more rule. */
const withRule = (effect: string, words: string) =>
  findings(
    'baseline.yaml',
    /$/,
    `
  - id: J99
    effect: ${effect}
    kinds: [Advisory]
    groups: [content]
    because: Only this test asks for it.
    source: this test
${words.replaceAll(/^/gm, '    ')}
`,
  );

test('the baseline covers every coordinate, and each of its rules and words has an effect', () => {
  const check = checkPolicy(policyOfTexts(texts));
  expect(check.findings).toEqual([]);
  expect(check.covered).toBe(check.all);
  expect(check.all).toBeGreaterThan(300);
  expect(formatCheck(check, 12.3).trimEnd().split('\n').slice(-2)).toEqual([
    'in 12 ms',
    `covered ${check.all} of ${check.all}, 0 findings`,
  ]);
});

test('reports a permission of an action that no coordinate of the graph has', () => {
  const words = 'who: [csirts]\nbeing: recipient\nmay: [export]\nwhen: { tlp: [AMBER] }';
  expect(withRule('permit', words)).toEqual([
    'J99: no coordinate of the graph is there to export: mark the rule as announced',
  ]);
  expect(withRule('permit', `${words}\nannounced: true`)).toEqual([]);
});

test('reports an announced rule whose actions the graph has', () => {
  const words = 'who: [csirts]\nbeing: recipient\nmay: [read]\nwhen: { tlp: [AMBER] }\nannounced: true';
  expect(withRule('permit', words)).toEqual(['J99: the graph has coordinates to read: remove `announced`']);
});

test.each([
  [
    'permits only what others permit',
    'permit',
    'who: [csirts]\nbeing: recipient for its purpose\nmay: [read]\nwhen: { tlp: [AMBER], embargo: [over], restrictions: [none], distribution: [NONE], codes: { within: [H0] }, state: [ACTIVE] }',
    'it has no effect: other rules permit or prohibit the same access',
  ],
  [
    'permits only what is prohibited',
    'permit',
    'who: [without-content]\nbeing: member of its custodian\nmay: [read]',
    'it has no effect: other rules permit or prohibit the same access',
  ],
  [
    'prohibits only what others prohibit',
    'prohibit',
    'who: [csirts]\nbeing: anyone\nmay: [search]\nwhen: { tlp: [RED] }',
    'it has no effect: other rules prohibit the same access',
  ],
  [
    'no reader can match',
    'permit',
    'who: [machines, on-screen]\nbeing: anyone\nmay: [read]',
    'no reader can match it',
  ],
  [
    'no record can match, because its TLP never reaches so far',
    'permit',
    'who: [csirts]\nbeing: anyone\nmay: [read]\nwhen: { tlp: [AMBER], opens: [ANYONE] }',
    'no record can match it',
  ],
  [
    'has a condition that is always true',
    'permit',
    'who: [csirts]\nbeing: recipient\nmay: [read]\nwhen: { pap: [CLEAR, GREEN, AMBER, RED], tlp: [AMBER] }',
    'the condition on pap is always true',
  ],
])('reports a rule that %s', (_what, effect, words, finding) => {
  expect(withRule(effect, words)).toEqual([`J99: ${finding}`]);
});

test('accepts a rule that only a reader with two roles can match', () => {
  expect(
    withRule('permit', 'who: [csirts, private-partners]\nbeing: of its Member State\nmay: [read]'),
  ).toEqual([]);
});

test('only notes a prohibition on access that no rule permits', () => {
  const { notes } = checkPolicy(policyOfTexts(texts));
  expect(notes).toContain('J16: it prohibits access that no rule permits: it guards against future rules');
});

test('reports words that no rule uses and coordinates without a group', () => {
  expect(
    findings(
      'domain.yaml',
      '  log-keepers:\n',
      '  nobody-asks:\n    is: Readers whom no rule names.\n    client: person\n  log-keepers:\n',
    ),
  ).toEqual(['readers.nobody-asks: no rule uses it']);
  expect(findings('domain.yaml', 'facts:\n', 'facts:\n  colour-of-cover: [blue, red]\n')).toEqual([
    'facts.colour-of-cover: no rule uses it',
  ]);
  expect(
    findings(
      'domain.yaml',
      'groups:\n  content:',
      'groups:\n  margins: What stands in the margins.\n  content:',
    ),
  ).toEqual(['groups.margins: no kind of record has this group']);
  expect(findings('coordinates.yaml', '        - aliases\n', '')).toEqual([
    expect.stringMatching(/\.aliases: no group in coordinates\.yaml$/),
  ]);
});
