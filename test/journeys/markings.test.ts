import { expect, test } from '@jest/globals';
import { type As, ask, standing } from '../helpers/ask.ts';
import { testOnReal } from '../helpers/real.ts';

const exercise = 'exercise:trial-2026';
const eventInfos =
  '{ mispEvents(first: 50) { nodes { info { value } } total { value exact } pageInfo { hasNextPage } } }';

/** Returns the events that a reader sees. `uncounted` are those that it may read but not search for (J05, J06, J07a). */
async function events(who: As, uncounted: readonly string[] = []): Promise<readonly string[]> {
  const { body } = await ask(standing(), who, eventInfos);
  expect(body.errors).toBeUndefined();
  const infos = body.data.mispEvents.nodes.map((node: { info: { value: string } }) => node.info.value);
  expect(body.data.mispEvents.total).toEqual({ value: infos.length - uncounted.length, exact: true });
  return infos.toSorted();
}

const green = "EXERCISE: Lantern Crew's access to Transfer Gate appliances";
const amber = "EXERCISE: Amber Heron inside a ministry's appliance";
const strict = 'EXERCISE: What one CSIRT alone was told of Amber Heron';
const red = 'EXERCISE: For two named persons: the insider who opened the door';

test('returns and counts, for each kind of reader, only the MISP events that their markings permit', async () => {
  const forPurpose = { picture: exercise, purpose: 'incident-response' };
  expect(await events({ as: 'cert-eu-analyst', ...forPurpose })).toEqual([amber, green, strict].toSorted());
  expect(await events({ as: 'enisa-analyst', ...forPurpose })).toEqual([amber, green].toSorted());
  expect(await events({ as: 'enisa-analyst', picture: exercise })).toEqual([green]);
  expect(await events({ as: 'pl-csirt-analyst', ...forPurpose }, [strict])).toEqual(
    [green, strict].toSorted(),
  );
  expect(await events({ as: 'private-partner', ...forPurpose })).toEqual([]);
});

test('shows RED only to named persons with strong authentication on screen, and to no machine', async () => {
  const strong = { picture: exercise, purpose: 'incident-response', strong: true };
  expect(await events({ as: 'fr-csirt-analyst', ...strong }, [red])).toEqual([amber, green, red].toSorted());
  expect(await events({ as: 'fr-csirt-analyst', picture: exercise, purpose: 'incident-response' })).toEqual(
    [amber, green].toSorted(),
  );
  expect(await events({ as: 'cert-eu-operator', picture: exercise, strong: true })).not.toContain(red);
  expect(await events({ as: 'connector', picture: exercise })).not.toContain(red);
});

test('shows nothing of the exercise to a reader of the real picture, and names the picture in each answer', async () => {
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

test('answers for a hidden record as for a missing one, byte for byte', async () => {
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

const refused = (coordinate: string, ...path: string[]) => ({
  message: expect.any(String),
  path,
  extensions: { code: 'REFUSED', coordinates: [coordinate] },
});

test('answers an auditor with null and one constant REFUSED for records, whatever the data', async () => {
  const query = `{ vulnerability(id: "CVE-2099-10001") { name exploitation { nodes { id } } advisories { nodes { title { value } } } }
    mispEvents { nodes { id } } organisation(id: "cert-eu") { name } }`;
  const { status, body } = await ask(standing(), { as: 'policy-auditor', picture: exercise }, query);
  expect(status).toBe(200);
  expect(body.data).toEqual({
    vulnerability: { name: 'CVE-2099-10001', exploitation: null, advisories: null },
    mispEvents: null,
    organisation: { name: expect.stringContaining('CERT-EU') },
  });
  expect(body.errors).toEqual([
    refused('Vulnerability.exploitation', 'vulnerability', 'exploitation'),
    refused('Vulnerability.advisories', 'vulnerability', 'advisories'),
    refused('Query.mispEvents', 'mispEvents'),
  ]);
});

test('refuses an operation of which nothing is left for a kind of reader', async () => {
  const { body } = await ask(standing(), 'policy-auditor', '{ mispEvents { nodes { id } } }');
  expect(body.data).toEqual({ mispEvents: null });
  expect(body.errors.map((error: { extensions: { code: string } }) => error.extensions.code)).toEqual([
    'REFUSED',
  ]);
});

test('shows a record’s audience only to members of its originator', async () => {
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

testOnReal('shows a CSIRT the community’s real events, and a private partner none', async () => {
  expect(await events({ as: 'private-partner', purpose: 'incident-response' })).toEqual([]);
  const seen = await events({ as: 'fr-csirt-analyst', purpose: 'incident-response' });
  expect(seen).toHaveLength(5);
  expect(seen).not.toContain('Machete just got sharper');
  const operator = await events({ as: 'cert-eu-operator' });
  expect(operator).toContain('Machete just got sharper');
});

testOnReal('shows the same CLEAR records to a private partner, a CSIRT and a CERT-EU analyst', async () => {
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

/** The correlation id differs for each request. */
function withoutId(text: string): string {
  return text.replace(/"correlationId":"[^"]+"/, '');
}
