import { expect, test } from '@jest/globals';
import { type As, ask, standing } from '../helpers/ask.ts';
import { testOnReal } from '../helpers/real.ts';

const exercise = 'exercise:trial-2026';
const eventInfos =
  '{ mispEvents(first: 50) { nodes { info { value } } total { value exact } pageInfo { hasNextPage } } }';

async function events(who: As): Promise<readonly string[]> {
  const { body } = await ask(standing(), who, eventInfos);
  expect(body.errors).toBeUndefined();
  const infos = body.data.mispEvents.nodes.map((node: { info: { value: string } }) => node.info.value);
  expect(body.data.mispEvents.total).toEqual({ value: infos.length, exact: true });
  return infos.toSorted();
}

const green = "EXERCISE: Lantern Crew's access to Transfer Gate appliances";
const amber = "EXERCISE: Amber Heron inside a ministry's appliance";
const strict = 'EXERCISE: What one CSIRT alone was told of Amber Heron';
const red = 'EXERCISE: For two named persons: the insider who opened the door';

test('each kind of reader sees the events that their markings open, in data and in counts', async () => {
  const forPurpose = { picture: exercise, purpose: 'incident-response' };
  expect(await events({ as: 'cert-eu-analyst', ...forPurpose })).toEqual([amber, green, strict].toSorted());
  expect(await events({ as: 'enisa-analyst', ...forPurpose })).toEqual([amber, green].toSorted());
  expect(await events({ as: 'enisa-analyst', picture: exercise })).toEqual([green]);
  expect(await events({ as: 'pl-csirt-analyst', ...forPurpose })).toEqual([green, strict].toSorted());
  expect(await events({ as: 'private-partner', ...forPurpose })).toEqual([]);
});

test('RED is for named persons with strong authentication on screen, and for no machine', async () => {
  const strong = { picture: exercise, purpose: 'incident-response', strong: true };
  expect(await events({ as: 'fr-csirt-analyst', ...strong })).toEqual([amber, green, red].toSorted());
  expect(await events({ as: 'fr-csirt-analyst', picture: exercise, purpose: 'incident-response' })).toEqual(
    [amber, green].toSorted(),
  );
  expect(await events({ as: 'cert-eu-operator', picture: exercise, strong: true })).not.toContain(red);
  expect(await events({ as: 'connector', picture: exercise })).not.toContain(red);
});

test('a real reader meets nothing of the exercise, and says so in each answer', async () => {
  const query = '{ vulnerability(id: "CVE-2099-10001") { exploitation { nodes { id } } } }';
  const real = await ask(standing(), { as: 'cert-eu-analyst' }, query);
  expect(real.body).toMatchObject({
    data: { vulnerability: { exploitation: { nodes: [] } } },
    extensions: { picture: 'real' },
  });
  const played = await ask(standing(), { as: 'cert-eu-analyst', picture: exercise }, query);
  expect(played.body.data.vulnerability.exploitation.nodes).toHaveLength(2);
  expect(played.body.extensions.picture).toBe(exercise);
});

test('what a reader may not see looks like what does not exist, byte for byte', async () => {
  const outsider = { as: 'private-partner', picture: exercise, purpose: 'incident-response' };
  const insider = { as: 'cert-eu-analyst', picture: exercise, purpose: 'incident-response' };
  const list = await ask(standing(), insider, '{ mispEvents { nodes { id info { value } } } }');
  const hidden = list.body.data.mispEvents.nodes.find(
    (node: { info: { value: string } }) => node.info.value === strict,
  ).id;
  const query = 'query ($id: ID!) { mispEvent(id: $id) { id info { value } sightings { total { value } } } }';
  const denied = await ask(standing(), outsider, query, { id: hidden });
  const absent = await ask(standing(), outsider, query, {
    id: 'MispEvent:00000000-0000-4000-8000-000000000000',
  });
  expect(withoutId(denied.text)).toBe(withoutId(absent.text));
  expect(denied.status).toBe(absent.status);
});

test('an auditor reads no record: null, and one constant REFUSED whatever the data', async () => {
  const query = `{ vulnerability(id: "CVE-2099-10001") { name exploitation { nodes { id } } advisories { nodes { title { value } } } }
    mispEvents { nodes { id } } organisation(id: "cert-eu") { name } }`;
  const { status, body } = await ask(standing(), { as: 'policy-auditor', picture: exercise }, query);
  expect(status).toBe(200);
  expect(body.data).toEqual({
    vulnerability: { name: 'CVE-2099-10001', exploitation: null, advisories: null },
    mispEvents: null,
    organisation: { name: expect.stringContaining('CERT-EU') },
  });
  expect(body.errors).toEqual([{ message: expect.any(String), extensions: { code: 'REFUSED' } }]);
});

test('an operation with nothing left for a kind of reader is refused whole', async () => {
  const { body } = await ask(standing(), 'policy-auditor', '{ mispEvents { nodes { id } } }');
  expect(body.data).toEqual({ mispEvents: null });
  expect(body.errors.map((error: { extensions: { code: string } }) => error.extensions.code)).toEqual([
    'REFUSED',
  ]);
});

test('whom a record was given to is shown to its originator’s members only', async () => {
  const query = '{ mispEvents { nodes { info { value } envelope { audience { organisations { id } } } } } }';
  const audienceOf = async (who: As) => {
    const { body } = await ask(standing(), who, query);
    type Node = { info: { value: string }; envelope: { audience: unknown } };
    return body.data.mispEvents.nodes.find((node: Node) => node.info.value === amber).envelope.audience;
  };
  const about = { picture: exercise, purpose: 'incident-response' };
  expect(await audienceOf({ as: 'enisa-analyst', ...about })).toBeNull();
  expect(await audienceOf({ as: 'cert-eu-analyst', ...about })).toEqual({
    organisations: [
      { id: 'Organisation:cert-eu' },
      { id: 'Organisation:enisa' },
      { id: 'Organisation:csirt-fr' },
    ],
  });
});

testOnReal(
  'the real events are the community’s: a private partner sees none, a CSIRT those that were not kept back',
  async () => {
    expect(await events({ as: 'private-partner', purpose: 'incident-response' })).toEqual([]);
    const seen = await events({ as: 'fr-csirt-analyst', purpose: 'incident-response' });
    expect(seen).toHaveLength(5);
    expect(seen).not.toContain('Machete just got sharper');
    const operator = await events({ as: 'cert-eu-operator' });
    expect(operator).toContain('Machete just got sharper');
  },
);

testOnReal('what is CLEAR is the same for a private partner, a CSIRT and a CERT-EU analyst', async () => {
  const query = `{ vulnerability(id: "CVE-2025-53770") { exploitation { nodes { id } } advisories { nodes { id title { value } } } }
    advisories(first: 5) { nodes { id serial } } }`;
  const answers = await Promise.all(
    ['private-partner', 'fr-csirt-analyst', 'cert-eu-analyst'].map(
      async (as) => (await ask(standing(), as, query)).body.data,
    ),
  );
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

/** The correlation id is of the request, not of the answer. */
function withoutId(text: string): string {
  return text.replace(/"correlationId":"[^"]+"/, '');
}
