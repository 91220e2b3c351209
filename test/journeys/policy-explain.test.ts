import { expect, test } from '@jest/globals';
import { ask, standing } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';

const picture = 'exercise:trial-2026';
const insider = { as: 'enisa-analyst', picture, purpose: 'incident-response' };

async function amberEvent(): Promise<{ readonly id: string; readonly info: string }> {
  const query = '{ mispEvents { nodes { id info { value } envelope { marking { tlp } } } } }';
  const { body } = await ask(standing(), insider, query);
  const found = body.data.mispEvents.nodes.find(
    (node: { envelope: { marking: { tlp: string } } }) => node.envelope.marking.tlp === 'AMBER',
  );
  return { id: found.id, info: found.info.value };
}

test('explains what a reader lacks for a stored record, without its content: `hub policy explain`', async () => {
  const { id, info } = await amberEvent();
  const explain = async (...who: readonly string[]) =>
    await runHub(standing().home, 'policy', 'explain', ...who, '--record', id, '--field', 'info');
  const allowed = await explain('--as', 'enisa-analyst', '--purpose', 'incident-response');
  expect(allowed).toMatchObject({ code: 0, err: '' });
  expect(allowed.out).toMatch(
    /allowed\nthe record .*: allowed\n {2}permitted by J04: reader and record share org:enisa\+for:incident-response/,
  );
  const denied = await explain('--as', 'private-partner', '--purpose', 'incident-response');
  expect(denied.code).toBe(2);
  expect(denied.out).toMatch(/not allowed/);
  expect(denied.out).toMatch(
    /J04:\n +expected a reader who is recipient for its purpose: the record names .*org:enisa\+for/,
  );
  expect(denied.out + allowed.out).not.toContain(info);
  const real = await explain('--as', 'enisa-analyst', '--purpose', 'incident-response', '--picture', 'real');
  expect(real.out).toMatch(/prohibited by J31/);
});

test('reports a record that is not in its store', async () => {
  const args = ['--as', 'enisa-analyst', '--record', 'MispEvent:none', '--field', 'info'];
  const { code, err } = await runHub(standing().home, 'policy', 'explain', ...args);
  expect(code).toBe(1);
  expect(err).toContain('the store of cert-eu has no record MispEvent:none');
});
