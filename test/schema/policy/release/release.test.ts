import { expect, test } from '@jest/globals';
import { diffPolicies } from '../../../../schema/policy/table/diff.ts';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { digestOf, checkStep, findUndecided } from '../../../../schema/policy/release/release.ts';
import { findUnlisted } from '../../../../schema/policy/release/widenings.ts';

const released = readPolicyTexts();
const { version } = policyOfTexts(released).source;

function changed(...edits: readonly (readonly [file: string, from: string | RegExp, to: string])[]) {
  const texts = { ...released };
  for (const [file, from, to] of [
    ...edits,
    ['domain.yaml', /version: \d+/, `version: ${version + 1}`] as const,
  ]) {
    const text = (texts[file] ?? '').replace(from, to);
    if (text === texts[file]) throw new Error(`${file} has nothing like ${String(from)}`);
    texts[file] = text;
  }
  return texts;
}

const toRed = ['baseline.yaml', 'tlp: [AMBER_STRICT]', 'tlp: [AMBER_STRICT, RED]'] as const;
const toAmber = [
  'baseline.yaml',
  /(id: J03\n[^]*?)tlp: \[CLEAR, GREEN\]/,
  '$1tlp: [CLEAR, GREEN, AMBER]',
] as const;
const toAll = ['baseline.yaml', /(id: J20a\n[^]*?)who: \[csirts\]/, '$1who: [anyone]'] as const;
const closed = ['baseline.yaml', / {2}- id: J21\n[^]*?(?= {2}- id: J22\n)/, ''] as const;

function gains(current: ReturnType<typeof changed>): readonly string[] {
  const { changes } = diffPolicies(policyOfTexts(released).source, policyOfTexts(current).source);
  return changes.filter(({ effect }) => effect === 'gains').map(({ words }) => words);
}

const change = (
  widenings: readonly string[],
  its = version + 1,
  decidedFor: ReturnType<typeof changed> = changed(toRed),
) => ({
  '0007-for-this-test.yaml': JSON.stringify({
    format: 'jcu-policy-change/1',
    version: its,
    what: 'RED is read by recipients.',
    why: 'Only this test asks for it.',
    'decided-by': 'nobody',
    'decided-for': digestOf(decidedFor),
    widenings,
  }),
});

test('rejects gained access that no change file lists, and accepts it once listed', () => {
  const current = changed(toRed);
  const { faults } = checkStep(released, current, {});
  expect(faults).toEqual(
    gains(current).map((words) => `access is gained, but no change file lists it: ${words}`),
  );
  expect(faults.length).toBeGreaterThan(0);
  expect(checkStep(released, current, change(gains(current))).faults).toEqual([]);
});

test('rejects a change whose rules or domain were edited after the decision', () => {
  const decided = changed(toRed);
  const file = change(gains(decided), version + 1, decided);
  expect(checkStep(released, decided, file).faults).toEqual([]);
  const grown = changed(toRed, ['domain.yaml', /(csirts:\n.*\n +roles: \[)/, '$1prosecutor, ']);
  expect(checkStep(released, grown, file).faults).toContainEqual(
    expect.stringMatching(/^0007-for-this-test\.yaml: decided for other rules.* decided-for: \S{43}$/),
  );
  const reformatted = { ...decided, 'domain.yaml': `# the same\n${decided['domain.yaml'] ?? ''}` };
  expect(checkStep(released, reformatted, file).faults).toEqual([]);
});

test('rejects released files that were edited after the decision', () => {
  const current = changed(toRed);
  const file = change(gains(current), version + 1, current);
  expect(findUndecided(current, file)).toEqual([]);
  expect(findUndecided(changed(toRed, toAll), file)).toEqual([expect.stringContaining('has decided-for')]);
  expect(findUndecided(current, {})).toHaveLength(1);
});

test('rejects a change file with a later version than domain.yaml', () => {
  const current = changed(toRed);
  expect(checkStep(released, current, change(gains(current), version + 5, current)).faults).toEqual([
    expect.stringContaining(`version is ${version + 5}, but domain.yaml has`),
  ]);
});

test('rejects a change while an earlier version is not released', () => {
  const current = changed(toRed);
  const next = {
    ...current,
    'domain.yaml': (current['domain.yaml'] ?? '').replace(/version: \d+/, `version: ${version + 2}`),
  };
  expect(checkStep(released, next, change(gains(next), version + 1, next)).faults).toEqual([
    expect.stringContaining(`version ${version + 1} was never released`),
  ]);
  expect(checkStep(released, next, change(gains(next), version + 2, next)).faults).toEqual([]);
});

test('ignores the lines of a change that is already released', () => {
  const current = changed(toRed);
  expect(checkStep(released, current, change(gains(current), version)).faults).toHaveLength(
    gains(current).length,
  );
});

test('rejects a line that gains no access, covers too many cells or cannot be parsed', () => {
  const current = changed(toRed);
  const [first = '', ...others] = gains(current);
  const wider = first.replace('tlp is RED', 'tlp is AMBER_STRICT or RED');
  expect(wider).not.toBe(first);
  for (const line of [
    wider,
    first.replace('read the', 'search the'),
    first.replace('not without-content', 'diplomatz'),
    'x',
  ]) {
    const { faults } = checkStep(released, current, change([first, ...others, line.padEnd(12, '.')]));
    expect(faults).toEqual([expect.stringMatching(/^0007-for-this-test\.yaml: /)]);
  }
  const same = changed();
  expect(checkStep(released, same, change([first], version + 1, same)).faults).toEqual([
    expect.stringContaining('lists access that is not gained'),
  ]);
});

test('accepts other lines that cover the same cells', () => {
  const current = changed(toRed);
  const [first = '', ...others] = gains(current);
  const halves = [
    first.replace('codes is within H0', 'codes is H0'),
    first.replace('codes is within H0', 'codes is empty'),
  ];
  expect(halves).not.toContain(first);
  expect(checkStep(released, current, change([...halves, ...others])).faults).toEqual([]);
  expect(checkStep(released, current, change([...halves.slice(1), ...others])).faults).toEqual([
    expect.stringContaining('codes is H0'),
  ]);
});

test('rejects a change file that omits one line of several edits', () => {
  for (const edits of [[toRed, toAll], [toAmber, toAll, closed], [closed]]) {
    const current = changed(...edits);
    const lines = gains(current).map((words) => ({ file: 'change', words }));
    const [before, after] = [policyOfTexts(released).source, policyOfTexts(current).source];
    expect(findUnlisted(before, after, lines)).toEqual([]);
    for (const line of lines)
      expect(
        findUnlisted(
          before,
          after,
          lines.filter((other) => other !== line),
        ).length,
      ).toBeGreaterThan(0);
  }
});

test('accepts lost access and reports it', () => {
  const { faults, lines } = checkStep(released, changed(closed), {});
  expect(faults).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every((line) => line.startsWith('- '))).toBe(true);
});

test('rejects a change of access without a higher version', () => {
  const current = { ...changed(closed), 'domain.yaml': released['domain.yaml'] ?? '' };
  expect(checkStep(released, current, {}).faults).toEqual([expect.stringContaining('increase it')]);
});

test('rejects a change file with the wrong shape or name', () => {
  const same = changed();
  const good = Object.values(change([], version + 1, same))[0] ?? '';
  expect(checkStep(released, same, { 'opens.yaml': good }).faults).toEqual([
    expect.stringContaining('0007-'),
  ]);
  expect(checkStep(released, same, { '0001-a.yaml': good, '0001-b.yaml': good }).faults).toHaveLength(1);
  expect(
    checkStep(released, same, { '0001-a.yaml': good.replace('"why"', '"reason"') }).faults.length,
  ).toBeGreaterThan(0);
});
