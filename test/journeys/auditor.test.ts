import { expect, test } from '@jest/globals';
import { type Answer, type As, ask, standing } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';
import { absent, importHidden, insider, outsiders } from '../helpers/hidden.ts';

const auditor = 'policy-auditor';
const inspector = 'data-protection-officer';

const decisionOf = `query Decision($id: String!, $inquiry: String) {
  decision(correlationId: $id, inquiry: $inquiry) {
    organisation purpose picture note
    reader { roles classes }
    refused { coordinate ways { rule { id } missing { on expected got text } prohibitedBy { id } } }
  }
}`;

/** An answer without data above CLEAR can arrive before its audit entry: poll. */
async function decisionWhenLogged(id: string, who: As | string = auditor) {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = await ask(standing(), who, decisionOf, { id });
    if (answer.body.data.decision !== null || Date.now() > until) return answer;
  }
}

test('answers an auditor’s queries for the rules, one field and its readers', async () => {
  const query = `{ policy {
    version
    rules { id effect being text }
    coordinate(name: "NotificationFile.entityName") { group announced actions { action rules { id } } }
    who(action: READ, coordinate: "NotificationFile.entityName") { can { rule { id } roles } never withoutRole }
  } }`;
  const { body } = await ask(standing(), auditor, query);
  expect(body.errors).toBeUndefined();
  const { policy } = body.data;
  expect(policy.rules.find(({ id }: { id: string }) => id === 'J04')).toMatchObject({
    effect: 'PERMIT',
    being: 'recipient for its purpose',
  });
  expect(policy.coordinate).toMatchObject({ group: 'entity-name', announced: false });
  expect(policy.who.can).toEqual([
    { rule: { id: 'J17' }, roles: ['csirt-analyst', 'single-point-of-contact', 'supervisor'] },
  ]);
  expect(body.extensions.holds).toMatchObject({ tlp: 'AMBER' });
});

test('reports an unknown coordinate as bad input', async () => {
  const { body } = await ask(
    standing(),
    auditor,
    '{ policy { version coordinate(name: "No.such") { group } } }',
  );
  expect(body.data.policy).toMatchObject({ coordinate: null });
  expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

test.each(['private-partner', 'europol-analyst', 'hub-administrator', 'cert-eu-operator'])(
  'answers %s with null and one constant REFUSED for the auditors’ fields, whatever the log holds',
  async (as) => {
    const query = `{ policy { version } decision(correlationId: "c") { at } disclosures { nodes { id } }
      accessPerson(correlationId: "c", inquiry: "E-1") { subject } }`;
    const { body } = await ask(standing(), as, query);
    expect(body.data).toEqual({ policy: null, decision: null, disclosures: null, accessPerson: null });
    expect(body.errors).toEqual(
      ['policy', 'decision', 'disclosures', 'accessPerson'].map((field) => ({
        message: 'This kind of reader may not use a part of the operation. Remove it from the operation.',
        path: [field],
        extensions: { code: 'REFUSED', coordinates: [`Query.${field}`] },
      })),
    );
    const schema = await ask(standing(), as, '{ __schema { types { name } queryType { fields { name } } } }');
    expect(schema.text).not.toMatch(
      /"(Policy|Access|Decision|Decid|Refused)|"(decision|policy|disclosures)"/,
    );
  },
);

test('explains a refusal to an auditor by its correlation id: rule, attributes and missing conditions', async () => {
  const asked = { as: 'europol-analyst', purpose: 'crime-prevention' };
  const refusal = await ask(standing(), asked, '{ policy { version } }');
  expect(JSON.stringify(refusal.body)).not.toMatch(/J\d\d|auditor/);
  const { body } = await decisionWhenLogged(refusal.headers.get('x-correlation-id') ?? '');
  expect(body.data.decision).toMatchObject({
    organisation: 'europol',
    purpose: 'crime-prevention',
    picture: 'real',
    note: null,
    reader: { roles: ['europol-analyst'] },
  });
  expect(body.data.decision.refused).toEqual([
    {
      coordinate: 'Query.policy',
      ways: [
        {
          rule: { id: 'J29' },
          missing: [
            {
              on: 'role',
              expected: ['policy-auditor', 'external-auditor'],
              got: ['europol-analyst'],
              text: 'expected a reader of the class policy-auditors: role policy-auditor or external-auditor, got europol-analyst',
            },
          ],
          prohibitedBy: [],
        },
      ],
    },
  ]);
});

test('refuses record content to an auditor, and names the rule', async () => {
  const refusal = await ask(standing(), auditor, '{ mispEvents { nodes { id } } }');
  expect(refusal.body.data).toEqual({ mispEvents: null });
  const { body } = await decisionWhenLogged(refusal.body.extensions.correlationId);
  const [nearest] = body.data.decision.refused[0].ways;
  expect(nearest).toMatchObject({ missing: [], prohibitedBy: [{ id: 'J29a' }] });
});

test('returns null for a request that has no entry in this picture, such as one without a token', async () => {
  const unknown = await fetch(standing().url, { method: 'POST' });
  expect(unknown.status).toBe(401);
  const id = unknown.headers.get('x-correlation-id') ?? '';
  expect((await ask(standing(), auditor, decisionOf, { id })).body).toMatchObject({
    data: { decision: null },
  });
  const refusal = await ask(standing(), 'private-partner', '{ policy { version } }');
  const real = refusal.headers.get('x-correlation-id') ?? '';
  await decisionWhenLogged(real);
  const elsewhere = { as: auditor, picture: 'exercise:trial-2026' };
  expect((await ask(standing(), elsewhere, decisionOf, { id: real })).body.data.decision).toBeNull();
});

test('does not reveal to an auditor whether a record exists that the reader was not shown', async () => {
  const [outsider = insider] = outsiders;
  const there = { as: auditor, picture: insider.picture ?? '' };
  const hidden = await importHidden(standing(), standing().uris['cert-eu'] ?? '');
  const decisionOn = async ({ id }: { id: string }) => {
    const answer = await ask(standing(), outsider, 'query One($id: ID!) { advisory(id: $id) { id } }', {
      id,
    });
    expect(answer.body.data).toEqual({ advisory: null });
    const by = answer.headers.get('x-correlation-id') ?? '';
    const { body } = await decisionWhenLogged(by, there);
    expect(body.data.decision.refused).toEqual([]);
    expect(body.data.decision.note).toMatch(/records that the reader may not see are absent/);
    const log = await ask(standing(), there, page, { first: 100 });
    const entry = entryOf(log, by);
    return [body.data.decision, { ...entry, id: null, seq: null, correlationId: null }];
  };
  expect(await decisionOn(hidden)).toEqual(await decisionOn(absent));
});

test.each(['', '*', '{"$ne":null}', '../../etc', '\u0000', 'x'.repeat(50_000)])(
  'finds no request for a hostile id: %.30s',
  async (id) => {
    const { status, body } = await ask(standing(), auditor, decisionOf, { id });
    expect({ status, data: body.data, errors: body.errors }).toEqual({
      status: 200,
      data: { decision: null },
      errors: undefined,
    });
  },
);

const page = `query Log($first: Int, $after: String, $inquiry: String) {
  disclosures(first: $first, after: $after, inquiry: $inquiry) {
  nodes { id kind seq organisation policy correlationId refused recordCount records(first: 5) { community type id tlp } }
  pageInfo { hasNextPage endCursor }
} }`;

/** Returns the log's entry of a request, from a page of the log. */
function entryOf({ body }: Answer, by: string) {
  return body.data.disclosures.nodes.find(
    ({ correlationId }: { correlationId: string }) => correlationId === by,
  );
}

test('pages the log from the newest entry, with the auditor’s own queries and their answers', async () => {
  const first = await ask(standing(), auditor, page, { first: 3 });
  const { nodes, pageInfo } = first.body.data.disclosures;
  expect(nodes).toHaveLength(3);
  expect(pageInfo.hasNextPage).toBe(true);
  const next = await ask(standing(), auditor, page, { first: 3, after: pageInfo.endCursor });
  const places = [...nodes, ...next.body.data.disclosures.nodes].map(({ seq }: { seq: number }) => seq);
  expect(places).toEqual(places.toSorted((one, other) => other - one));
  expect(new Set(places).size).toBe(places.length);
  const again = await ask(standing(), auditor, page, { first: 50 });
  const own = again.body.data.disclosures.nodes.find(
    ({ correlationId }: { correlationId: string }) => correlationId === first.body.extensions.correlationId,
  );
  expect(own).toMatchObject({ kind: 'ACCESS', organisation: 'audit-office', recordCount: 3 });
  expect(own.records.map(({ id }: { id: string }) => id).toSorted()).toEqual(
    nodes.map(({ id }: { id: string }) => `AccessEntry:${id}`).toSorted(),
  );
  const bad = await ask(standing(), auditor, page, { after: 'trail:7' });
  expect(bad.body.errors[0].extensions.code).toBe('BAD_CURSOR');
});

test('names the person behind a request only to an inspector, and logs the inspector', async () => {
  const asked = await ask(standing(), 'private-partner', '{ policy { version } }');
  const id = asked.headers.get('x-correlation-id') ?? '';
  await decisionWhenLogged(id);
  const query =
    'query Who($id: String!) { accessPerson(correlationId: $id, inquiry: "EX-2026/7") { subject clientId } }';
  const answer = await ask(standing(), inspector, query, { id });
  expect(answer.body.data.accessPerson).toMatchObject({ subject: 'u-3a9cb8d715e4' });
  const refused = await ask(standing(), auditor, query, { id });
  expect(refused.body.data).toEqual({ accessPerson: null });
  expect(refused.body.errors[0].extensions.code).toBe('REFUSED');
  expect((await ask(standing(), inspector, '{ policy { version } }')).body.data).toEqual({ policy: null });
  const unfounded = await ask(standing(), inspector, page, { first: 50 });
  expect(unfounded.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  const log = await ask(standing(), inspector, page, { first: 50, inquiry: 'EX-2026/7' });
  const own = log.body.data.disclosures.nodes.find(
    ({ correlationId }: { correlationId: string }) => correlationId === answer.body.extensions.correlationId,
  );
  expect(own.records).toMatchObject([{ community: 'hub', type: 'AccessPerson', tlp: 'AMBER' }]);
});

const reads = `query Reads($record: ID, $first: Int, $after: String) {
  ownReads(record: $record, first: $first, after: $after) {
    nodes { at organisation purpose correlationId recordCount records { type id tlp } }
    pageInfo { hasNextPage endCursor }
  }
}`;

test('shows an operator the readers of its own community’s records, and nothing to others', async () => {
  const asked = await ask(standing(), 'cert-eu-analyst', '{ advisories(first: 1) { nodes { id } } }');
  const record = asked.body.data.advisories.nodes[0].id;
  const by = asked.headers.get('x-correlation-id');
  const until = Date.now() + 10_000;
  const find = async (as: string) => await ask(standing(), as, reads, { record });
  let answer = await find('cert-eu-operator');
  const isThere = ({ correlationId }: { correlationId: string }) => correlationId === by;
  while (!answer.body.data.ownReads.nodes.some(isThere) && Date.now() < until)
    answer = await find('cert-eu-operator');
  expect(answer.body.data.ownReads.nodes.find(isThere)).toMatchObject({
    organisation: 'cert-eu',
    recordCount: 1,
    records: [{ type: 'Advisory', id: record }],
  });
  expect(answer.body.extensions.holds).toMatchObject({ tlp: 'AMBER' });
  expect((await find('europol-operator')).body.data.ownReads.nodes).toEqual([]);
  for (const as of ['cert-eu-analyst', auditor, inspector]) {
    const refused = await find(as);
    expect(refused.body.data).toEqual({ ownReads: null });
    expect(refused.body.errors[0].extensions.code).toBe('REFUSED');
  }
  const { body } = await ask(standing(), auditor, page, { first: 100 });
  const own = body.data.disclosures.nodes.find(
    ({ correlationId }: { correlationId: string }) => correlationId === answer.body.extensions.correlationId,
  );
  expect(own).toMatchObject({ organisation: 'cert-eu', records: [{ community: 'hub', type: 'OwnRead' }] });
});

test('queries the running hub as an auditor: `hub policy decision`', async () => {
  const asked = { as: 'private-partner', picture: 'exercise:trial-2026' };
  const refusal = await ask(standing(), asked, '{ policy { version } }');
  const id = refusal.headers.get('x-correlation-id') ?? '';
  const until = Date.now() + 10_000;
  let answer = await runDecision(id);
  while (answer.code !== 0 && Date.now() < until) answer = await runDecision(id);
  expect(answer.out).toMatch(
    /a reader of nordsee-energy.*\n(.*\n)*refused: Query\.policy\n {2}J29 .*\n {4}missing: .*role/,
  );
  expect((await runDecision(id, '--as', 'private-partner')).err).toMatch(
    /This kind of reader may not use a part/,
  );
  expect((await runDecision('none')).err).toMatch(
    /the audit log has no request none in exercise:trial-2026: check the id and --picture/,
  );
  expect(JSON.parse((await runDecision(id, '--json')).out)).toMatchObject({ organisation: 'nordsee-energy' });
});

async function runDecision(...args: readonly string[]) {
  return await runHub(standing().home, 'policy', 'decision', ...args);
}

test('queries the running hub as a community’s operator: `hub reads COMMUNITY`', async () => {
  const query = '{ advisories(first: 1) { nodes { id } } }';
  const asked = await ask(standing(), { as: 'cert-eu-analyst', picture: 'exercise:trial-2026' }, query);
  const record = asked.body.data.advisories.nodes[0].id;
  const until = Date.now() + 10_000;
  const by = asked.headers.get('x-correlation-id') ?? '';
  let answer = await runReads('--record', record);
  while (!answer.out.includes(by) && Date.now() < until) answer = await runReads('--record', record);
  expect(answer.out).toMatch(
    new RegExp(`Z a reader of cert-eu, for no stated purpose: 1 record, [A-Z+_]+ \\(${by}\\)`),
  );
  expect(answer.out).toMatch(new RegExp(`\\d+ reads? of ${record}`));
  expect((await runReads('--record', 'Advisory:none')).out).toBe('0 reads of Advisory:none\n');
});

async function runReads(...args: readonly string[]) {
  return await runHub(standing().home, 'reads', 'cert-eu', ...args);
}
