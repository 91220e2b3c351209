import { expect, test } from '@jest/globals';
import { workflowsPage } from '../../../schema/workflow/document/document.ts';
import { phraseSets } from '../../../schema/workflow/document/phrases.ts';
import { workflowsOfTexts } from '../../../schema/workflow/language/load.ts';
import { light, others } from './declarations.ts';

/** Tests the generated page on the workflows. */

const workflows = [...workflowsOfTexts({ ...others, 'light.yaml': light }).values()];
const networks = {
  lamps: {
    title: 'Lamp network',
    is: 'How bright the lamps are.',
    postures: { dim: 'Little light.', bright: 'Much light.' },
    decidedBy: 'The lamplighters.',
    recordedBy: [{ roles: ['duty-officer'] }, { office: 'keeper' }],
    basis: 'practice',
  },
};
const page = workflowsPage(workflows, {
  roles: { 'duty-officer': 'Officer on duty' },
  offices: {},
  networks,
  triggers: {},
  endless: new Set<string>(),
});

test('shows the list of postures of each network, with who decides and who records', () => {
  expect(page).toContain('`dim`: Little light.<br>`bright`: Much light. | The lamplighters.');
  expect(page).toContain('| duty-officer<br>office keeper | practice |');
});

test('draws moves, computed states and ends, and leaves out moves that keep the state', () => {
  expect(page).toContain('[*] --> s_red\n');
  expect(page).toContain('s_red --> s_green : go\n');
  expect(page).toContain('s_red --> s_late : clock\n');
  expect(page).toContain('s_green --> s_broken : fail\n');
  expect(page).toContain('class s_late computed');
  expect(page).not.toContain('report\n');
});

test('the table of moves has a row for each move, with persons, values and time', () => {
  expect(page).toContain('| `light.go` | `red` → `green` | **owner**: duty-officer |');
  expect(page).toContain('`dueAt` (after its value before the move): The next time.');
  expect(page).toContain('before `dueAt`<br>clock `switch`');
  expect(page).toContain('| `light.report` | `broken` (stays) | **neighbour** |');
});

test('states what one side does not see', () => {
  expect(page).toContain('The **neighbour** sees `broken` as `dark` from `dueAt` on');
});

test('says of the reminder of a clock that only a clock without an end sets it', () => {
  const clock = { by: 'kind', clocks: { warning: 'reply', report: 'switch' } };
  const sets = { dueAt: { clock, of: 'at' }, remindAt: { clock, of: 'at', reminder: true as const } };
  expect(phraseSets(sets, new Set(['reply']))).toEqual([
    '`dueAt` is the end of the clock by `kind`, counted from `at`: `reply` for warning, `switch` for report.',
    '`remindAt` is the reminder of the clock by `kind`, counted from `at`, if it has no end: `reply` for warning.',
  ]);
});
