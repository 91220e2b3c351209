import { expect, test } from '@jest/globals';
import { formatFault, WorkflowError } from '../../../schema/workflow/language/faults.ts';
import {
  loadOffices,
  loadWorkflows,
  readWorkflowTexts,
  workflowsOfTexts,
  type WorkflowTexts,
} from '../../../schema/workflow/language/load.ts';
import { light, others } from './declarations.ts';

/** Tests the loader and each check of the declarations. */

function faultsOf(texts: WorkflowTexts): readonly string[] {
  try {
    workflowsOfTexts({ ...others, ...texts });
    return [];
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    return error.faults.map(formatFault);
  }
}

/** The faults of the light after one change of its text. */
function faultsAfter(part: string, change: string): readonly string[] {
  expect(light).toContain(part);
  return faultsOf({ 'light.yaml': light.replace(part, change) });
}

test('every declared workflow loads without a fault', () => {
  const workflows = loadWorkflows();
  expect([...workflows.keys()]).toEqual(expect.arrayContaining(['hold', 'information-thread', 'case']));
  expect(workflows.get('hold')?.name).toBe('hold');
  expect(Object.keys(loadOffices())).toContain('case-lead');
});

test('a complete declaration has no fault', () => {
  expect(faultsOf({ 'light.yaml': light })).toEqual([]);
});

test.each([
  ['an unknown member', 'kind: Agreement', 'kinds: Agreement', 'the whole file', 'kinds'],
  ['another type', 'initial: true', 'initial: maybe', 'states.red.initial', 'true'],
  [
    'a word that is no alternative',
    'by: system',
    'by: sytem',
    'moves.fail.by',
    'write system, or clock, or a list',
  ],
  ['an unknown section', 'section: W99', 'section: Z9', 'section', 'matches'],
  [
    'a move without a basis',
    '    by: system\n    basis: practice',
    '    by: system',
    'moves.fail.basis',
    'string',
  ],
  ['an unknown kind of record', 'kind: Agreement', 'kind: Lamp', 'kind', 'a kind'],
  ['an unknown state in from', 'from: [red]\n', 'from: [read]\n', 'moves.go.from', 'a state'],
  ['an unknown state in to', 'to: green', 'to: grin', 'moves.go.to', 'a state'],
  ['a computed state in to', 'to: green', 'to: late', 'moves.go.to', 'not computed'],
  [
    'an unknown state in computed',
    'from: [red], at',
    'from: [rot], at',
    'states.late.computed.from',
    'a state',
  ],
  ['an unknown state in a mask', 'states: [broken]', 'states: [gone]', 'masks.0.states', 'a state'],
  ['an unknown relation in a mask', 'from: neighbour', 'from: nobody', 'masks.0.from', 'a relation'],
  ['an unknown fact in a mask', 'unless: shown', 'unless: seen', 'masks.0.unless', 'a fact'],
  ['an unknown role', 'roles: [duty-officer]', 'roles: [wizard]', 'moves.go.by.0.roles', 'a role'],
  ['an unknown office', 'office: keeper', 'office: king', 'moves.stop.by.0.office', 'an office'],
  [
    'an unknown relation',
    'office: keeper, relation: owner',
    'relation: ower',
    'moves.stop.by.0.relation',
    'a relation',
  ],
  ['an unknown instant', 'before: dueAt', 'before: dawn', 'moves.go.before', 'an instant'],
  ['a fact that is no instant', 'before: dueAt', 'before: shown', 'moves.go.before', 'an instant'],
  ['an unknown instant of an input', 'after: dueAt', 'after: dawn', 'moves.go.input.dueAt', 'an instant'],
  ['an unknown fact in sets', 'shown: true }', 'seen: true }', 'moves.stop.sets', 'a fact'],
  ['an unknown clock', 'clock: switch\n', 'clock: cuckoo\n', 'moves.go.clock', 'a clock'],
  [
    'an unknown clock in sets',
    '{ clock: switch }',
    '{ clock: cuckoo }',
    'moves.stop.sets.dueAt.clock',
    'a clock',
  ],
  [
    'a condition on an unknown value',
    'when: { colour: [new] }',
    'when: { hue: [new] }',
    'moves.stop.when',
    'a choice',
  ],
  [
    'an unknown choice',
    'when: { colour: [new] }',
    'when: { colour: [odd] }',
    'moves.stop.when.colour',
    'a choice',
  ],
  ['a choice without choices', 'choices: [old, new], ', '', 'fields.colour.choices', 'list'],
  [
    'an input of another type',
    'dueAt: { type: instant, after',
    'dueAt: { type: text, after',
    'moves.go.input.dueAt.type',
    'instant',
  ],
  ['unknown organisations', '{ add: mover }', '{ add: nobody }', 'moves.stop.sets.crew', '`mover`, or'],
  [
    'organisations for one',
    'chief: { set: mover }',
    'chief: { set: crew }',
    'moves.stop.sets.chief',
    '`mover`, or',
  ],
  [
    'a list in a fact for one',
    'chief: { set: mover }',
    'chief: { add: mover }',
    'moves.stop.sets.chief',
    'organisations',
  ],
  [
    'a move that closes for nobody',
    '    before: dueAt',
    '    closes: dueAt\n    before: dueAt',
    'moves.go.closes',
    '`mover`, or',
  ],
  ['an unknown relation in with', 'with: neighbour', 'with: nobody', 'relations.helper.with', 'a relation'],
  ['a relation that needs itself', 'with: neighbour', 'with: helper', 'relations.helper.with', 'another'],
  ['a state that is no state', 'with: neighbour', 'state: chief', 'relations.helper.state', 'member-state'],
  ['no initial state', 'initial: true, ', '', 'states', 'initial'],
  ['a state that is never reached', 'to: green', 'to: broken', 'states.green', 'leads to it'],
  [
    'addressees of a move that creates nothing',
    '    before: dueAt',
    '    addressees: log\n    before: dueAt',
    'moves.go.addressees',
    'remove it',
  ],
  [
    'an unknown relation that sees the state',
    'subject: record',
    'subject: record\nshownTo: ghost',
    'shownTo',
    'name a relation',
  ],
  ['a final state that is left', 'from: [green]', 'from: [green, broken]', 'moves.stop.from', 'reopens'],
  [
    'reopening without a final state',
    'from: [green]',
    'reopens: true\n    from: [green]',
    'moves.stop.reopens',
    'remove',
  ],
])('reports %s', (_name, part, change, place, remedy) => {
  const faults = faultsAfter(part, change);
  expect(faults.find((fault) => fault.startsWith(`light.yaml: ${place}: got `))).toContain(remedy);
});

test('reports a state that no move leads out of', () => {
  const trap = light
    .replace('from: [green]\n    to: red', 'from: [red]')
    .replace('from: any\n    to: broken', 'from: [red]\n    to: broken');
  expect(faultsOf({ 'light.yaml': trap })).toEqual([
    expect.stringContaining('light.yaml: states.green: got a state that no move leads out of'),
  ]);
});

test('reports two moves that change the state alike by the same persons', () => {
  const copy = light.slice(light.indexOf('  fail:')).split('  report:')[0] ?? '';
  expect(faultsOf({ 'light.yaml': `${light.trimEnd()}\n${copy.replace('  fail:', '  crash:')}` })).toEqual([
    expect.stringContaining('light.yaml: moves.crash: got the same from, to and by as fail'),
  ]);
});

test('reports a move of the clock without an instant, and an instant of another move', () => {
  expect(faultsAfter('by: system', 'by: clock')).toEqual([
    expect.stringContaining('light.yaml: moves.fail.at: got a move of the clock without an instant'),
  ]);
  expect(faultsAfter('by: system', 'by: system\n    at: dueAt')).toEqual([
    expect.stringContaining('light.yaml: moves.fail.at: got an instant; remove it'),
  ]);
  expect(faultsAfter('by: system', 'by: clock\n    at: dawn')).toEqual([
    expect.stringContaining('light.yaml: moves.fail.at: got dawn; name an instant'),
  ]);
});

test('reports a move that creates a record in a state that is not initial', () => {
  expect(faultsAfter('from: [red]\n', 'from: none\n')).toEqual(
    expect.arrayContaining([expect.stringContaining('light.yaml: moves.go.to: got green; name an initial')]),
  );
});

test('reports an office whose role the registry does not have', () => {
  const offices = others['offices.yaml'].replace('[duty-officer]', '[wizard]');
  expect(faultsOf({ 'light.yaml': light, 'offices.yaml': offices })).toEqual([
    expect.stringContaining('offices.yaml: offices.keeper.roles: got wizard; name a role'),
  ]);
});

const trigger = `
format: jcu-triggers/1
triggers:
  dark:
    title: Dark street
    event: The street is dark.
    notified: The neighbours.
    recipients: { roles: [duty-officer] }
    by: [{ roles: [duty-officer], office: keeper }]
    clock: switch
    when: at once
    basis: practice
    nature: duty
`;

test.each([
  ['roles: [duty-officer], office', 'roles: [wizard], office', 'by: got wizard; name a role'],
  ['office: keeper', 'office: ghost', 'by: got ghost; name an office'],
  ['clock: switch', 'clock: cuckoo', 'clock: got cuckoo; name a clock'],
  ['roles: [duty-officer] }', 'roles: [wizard] }', 'recipients.roles: got wizard; name a role'],
  ['roles: [duty-officer] }', 'networks: [lamps] }', 'recipients.networks: got lamps; name a network'],
])('reports a trigger with %s changed to %s', (part, change, fault) => {
  expect(faultsOf({ 'triggers.yaml': trigger })).toEqual([]);
  expect(faultsOf({ 'triggers.yaml': trigger.replace(part, change) })).toEqual(
    expect.arrayContaining([expect.stringContaining(`triggers.yaml: triggers.dark.${fault}`)]),
  );
});

test('reports moves after which an organisation would no longer know of its thread', () => {
  const opening = light
    .replace('subject: record', 'subject: neighbour')
    .replace('    clock: switch\n', '    clock: switch\n    opens: [neighbour]\n');
  expect(faultsOf({ 'light.yaml': opening })).toEqual([
    expect.stringContaining('light.yaml: moves.stop.to: got red, in which the neighbour does not know'),
    expect.stringContaining('light.yaml: moves.fail.to: got broken, in which the neighbour does not know'),
  ]);
  expect(faultsOf({ 'light.yaml': opening.replace('opens: [neighbour]', 'opens: [owner]') })).toEqual(
    expect.arrayContaining([expect.stringContaining('light.yaml: moves.go.opens: got owner')]),
  );
});

test('reports the faults of all files at once', () => {
  const faults = faultsOf({
    'light.yaml': light.replace('to: green', 'to: grin'),
    'dark.yaml': 'format: jcu-workflow/1',
    'torn.yaml': 'a: [',
  });
  expect(new Set(faults.map((fault) => fault.split(':')[0]))).toEqual(
    new Set(['light.yaml', 'dark.yaml', 'torn.yaml']),
  );
});

test('does not skip a file whose format is misspelt', () => {
  expect(faultsAfter('format: jcu-workflow/1', 'format: jcu-workflow/2')).toEqual([
    'light.yaml: format: got "jcu-workflow/2"; write one of: jcu-workflow/1',
  ]);
});

test('checks no clock while no clocks are declared', () => {
  const { 'offices.yaml': offices } = others;
  const declared = workflowsOfTexts({
    'offices.yaml': offices,
    'light.yaml': light.replace('clock: switch\n', 'clock: cuckoo\n'),
  });
  expect(declared.size).toBe(1);
});

test('writes a move by a relation out to the roles that the relation demands', () => {
  const submit = loadWorkflows().get('notification-file')?.moves['handled'];
  expect(submit?.by).toContainEqual({
    relation: 'keeper',
    roles: ['cert-eu-analyst'],
    when: { underRegime: ['reg-2023-2841'] },
  });
});

test('reports addressees that the hub could find by no record', () => {
  const texts = readWorkflowTexts();
  const text = texts['release-request.yaml'] ?? '';
  const changed = text.replace('recordId: { type: record', 'named: { type: record');
  expect(changed).not.toBe(text);
  expect(() => workflowsOfTexts({ ...texts, 'release-request.yaml': changed })).toThrow(
    'release-request.yaml: moves.ask.addressees: got a move without the input `recordId`',
  );
});
