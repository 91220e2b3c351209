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

/** The baseline with a rule more. */
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

test('the baseline as it stands is covered whole, and every rule and word of it decides something', () => {
  const check = checkPolicy(policyOfTexts(texts));
  expect(check.findings).toEqual([]);
  expect(check.covered).toBe(check.all);
  expect(check.all).toBeGreaterThan(300);
  expect(formatCheck(check, 12.3).trimEnd().split('\n').slice(-2)).toEqual([
    'in 12 ms',
    `covered ${check.all} of ${check.all}, 0 findings`,
  ]);
});

test.each([
  [
    'permits only what others permit',
    'permit',
    'who: [csirts]\nbeing: recipient for its purpose\nmay: [read]\nwhen: { tlp: [AMBER], embargo: [over], restrictions: [none], distribution: [NONE], codes: { within: [H0] }, state: [ACTIVE] }',
    'it allows nothing that others do not allow or prohibit',
  ],
  [
    'permits only what is prohibited',
    'permit',
    'who: [without-content]\nbeing: member of its custodian\nmay: [read]',
    'it allows nothing that others do not allow or prohibit',
  ],
  [
    'prohibits only what others prohibit',
    'prohibit',
    'who: [csirts]\nbeing: anyone\nmay: [search]\nwhen: { tlp: [RED] }',
    'it takes nothing away that others do not take away',
  ],
  [
    'no reader meets',
    'permit',
    'who: [machines, on-screen]\nbeing: anyone\nmay: [read]',
    'no reader can meet it',
  ],
  [
    'no record meets, since its colour never opens so far',
    'permit',
    'who: [csirts]\nbeing: anyone\nmay: [read]\nwhen: { tlp: [AMBER], opens: [ANYONE] }',
    'no record can meet it',
  ],
  [
    'asks for what is always true',
    'permit',
    'who: [csirts]\nbeing: recipient\nmay: [read]\nwhen: { pap: [CLEAR, GREEN, AMBER, RED], tlp: [AMBER] }',
    'the condition on pap is always true',
  ],
])('a rule that %s is a finding', (_what, effect, words, finding) => {
  expect(withRule(effect, words)).toEqual([`J99: ${finding}`]);
});

test('a reader of two roles meets a rule that asks for both: it is no finding', () => {
  expect(
    withRule('permit', 'who: [csirts, private-partners]\nbeing: of its Member State\nmay: [read]'),
  ).toEqual([]);
});

test('a prohibition on what nobody permits is a guard, and only noted', () => {
  const { notes } = checkPolicy(policyOfTexts(texts));
  expect(notes).toContain('J16: it prohibits what no rule permits: a guard against rules to come');
});

test('words that no rule uses, and coordinates that no group names, are findings', () => {
  expect(
    findings(
      'domain.yaml',
      '  log-keepers:\n',
      '  nobody-asks:\n    is: Readers whom no rule names.\n    client: person\n  log-keepers:\n',
    ),
  ).toEqual(['readers.nobody-asks: no rule names it']);
  expect(findings('domain.yaml', 'facts:\n', 'facts:\n  colour-of-cover: [blue, red]\n')).toEqual([
    'facts.colour-of-cover: no rule asks for it',
  ]);
  expect(
    findings(
      'domain.yaml',
      'groups:\n  content:',
      'groups:\n  margins: What stands in the margins.\n  content:',
    ),
  ).toEqual(['groups.margins: no kind of record has it']);
  expect(findings('coordinates.yaml', '        - aliases\n', '')).toEqual([
    expect.stringMatching(/\.aliases: no rule names it$/),
  ]);
});
