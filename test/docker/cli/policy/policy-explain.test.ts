import { expect, test } from '@jest/globals';
import { runHub } from '../../../helpers/command-line.ts';

const nowhere = '/nonexistent-home';

test('`hub policy show` prints the rules on a field as text and as JSON', async () => {
  const shown = await runHub(nowhere, 'policy', 'show', 'NotificationFile.entityName');
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toMatch(/J17 permits: state-authorities, being of its Member State, may read/);
  const json = JSON.parse((await runHub(nowhere, 'policy', 'show', '--json', 'Advisory.title')).out);
  expect(json).toMatchObject({ group: 'content', kinds: ['Advisory'] });
  expect(json.actions[0].rules[0].rule).toMatchObject({ id: 'J02', when: { tlp: ['CLEAR'] } });
});

test('`hub policy who` lists who can, under which conditions, and who never can', async () => {
  const { code, out } = await runHub(nowhere, 'policy', 'who', '--can', 'read', 'UnionIncident.unionEntity');
  expect(code).toBe(0);
  expect(out).toMatch(/J20a csirts, being recipient for its purpose, when\n +its embargo is over/);
  expect(out).toMatch(/only one of these roles never can: .*europol-analyst/);
});

test.each([
  [['show', 'Incident.title'], 'did you mean'],
  [['who', '--can', 'eat', 'Advisory.title'], 'the policy has no action eat; did you mean read'],
  [
    ['explain', '--as', 'nobody', '--record', 'Advisory:1', '--field', 'title'],
    'no reader of the trial is called nobody',
  ],
  [
    ['explain', '--as', 'enisa-analyst', '--record', 'Advisory:1', '--field', 'titel'],
    'did you mean Advisory.title',
  ],
  [['explain', '--as', 'enisa-analyst', '--field', 'title'], '--record'],
])('`hub policy %j` says what to do', async (args, said) => {
  const { code, out, err } = await runHub(nowhere, 'policy', ...args);
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toContain(said);
});

test.each(['show', 'who', 'explain'])('`hub policy %s --help` gives an example', async (command) => {
  expect((await runHub(nowhere, 'policy', command, '--help')).out).toMatch(
    new RegExp(`Example:\n {2}npx hub policy ${command} `),
  );
});
