import { expect, test } from '@jest/globals';
import { type Workflow, workflowsOfTexts } from '../../../schema/workflow/language/load.ts';
import { compareWithSource, unexplained } from './compare.ts';
import { light, others, table } from './declarations.ts';

/** Tests the comparison of the declarations with the tables of their source. */

function workflowsOf(text: string): readonly Workflow[] {
  return [...workflowsOfTexts({ ...others, 'light.yaml': text }).values()];
}

const declared = workflowsOf(light);

test('finds no difference between a declaration and the tables that describe it', () => {
  expect(compareWithSource(table, declared)).toEqual([]);
});

test.each([
  [
    'a removed move',
    '| light.report | broken (stays) | neighbour | - | - | - | practice |\n',
    '',
    'light.report: is not in the source',
  ],
  [
    'an added move',
    '| light.fail |',
    '| light.blink | red -> green | owner | - | - | - | - |\n| light.fail |',
    'light.blink: is not declared',
  ],
  [
    'another state to lead to',
    'green -> red',
    'green -> broken',
    'light.stop: green -> broken is not declared',
  ],
  [
    'a state that no longer stays',
    'broken (stays)',
    'broken -> red',
    'light.report: broken -> = is not in the source',
  ],
  ['another role', 'K27', 'K1', 'light.go: the role csirt-analyst is not declared'],
  [
    'another relation',
    '(stays) | neighbour',
    '(stays) | owner',
    'light.report: the relation owner is not declared',
  ],
  ['a clock in place of the system', 'system', 'clock', 'light.fail: the clock is not declared'],
  [
    'a second person',
    '| green -> red | owner',
    '| green -> red | owner, second person',
    'light.stop: the second person is not declared',
  ],
  ['another flag', '`late (t)`', '`late (t, f)`', 'light: state late has the flags t, in the source ft'],
  ['an added state', '`green`', '`green`, `yellow`', 'light: state yellow is not declared'],
  ['a removed state', '`green`, ', '', 'light: state green is not in the source'],
])('finds %s', (_name, part, change, difference) => {
  expect(table).toContain(part);
  expect(compareWithSource(table.replace(part, change), declared)).toContain(`W99 ${difference}`);
});

test('finds a move that the declaration removed', () => {
  const text = light.slice(0, light.indexOf('  report:'));
  expect(compareWithSource(table, workflowsOf(text))).toEqual(['W99 light.report: is not declared']);
});

test('reports a section that the source does not have', () => {
  expect(compareWithSource('# Nothing', declared)).toEqual(['W99: the source has no section of this number']);
});

test('an explanation removes its difference, and one without a difference is reported', () => {
  const explanations = '- differences: [one, two]\n  because: of a reason';
  expect(unexplained(['one', 'three'], explanations)).toEqual(['three', 'explained, but not found: two']);
});
