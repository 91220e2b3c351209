import { expect, test } from '@jest/globals';
import { ask, standing } from '../helpers/ask.ts';
import { advisoryCves, catalogueCves, readReal, testOnReal } from '../helpers/real.ts';

const analyst = { as: 'cert-eu-analyst', purpose: 'incident-response' };

const vulnerabilityParts = `
  name
  exploitation { nodes { catalogue assertedBy envelope { originator { id name } custodian { id } } } }
  records { nodes { cveId envelope { originator { id } } } }
  advisories { nodes { serial title { value } envelope { originator { id } marking { tlp } } } }
  ransomwareFamilies { nodes { name } }`;

testOnReal(
  'joins the catalogues’ statements and CERT-EU’s advisory on CVE-2025-53770 in one answer',
  async () => {
    const { status, body } = await ask(
      standing(),
      analyst,
      `{ vulnerability(id: "cve-2025-53770") { ${vulnerabilityParts} } }`,
    );
    expect(status).toBe(200);
    expect(body.errors).toBeUndefined();
    const { vulnerability } = body.data;
    const { cisa, eu } = catalogueCves();
    const catalogues = vulnerability.exploitation.nodes
      .map((node: { catalogue: string }) => node.catalogue)
      .toSorted();
    expect(catalogues).toEqual([
      ...(cisa.has('CVE-2025-53770') ? ['CISA_KEV'] : []),
      ...(eu.has('CVE-2025-53770') ? ['EU_KEV'] : []),
    ]);
    type Statement = { readonly catalogue: string };
    const cisaSays = vulnerability.exploitation.nodes.find(
      (node: Statement) => node.catalogue === 'CISA_KEV',
    );
    expect(cisaSays).toMatchObject({
      assertedBy: expect.stringContaining('CISA'),
      envelope: { originator: { id: 'Organisation:cisa' }, custodian: { id: 'Organisation:enisa' } },
    });
    const naming = [...advisoryCves()]
      .filter(([, ids]) => ids.includes('CVE-2025-53770'))
      .map(([serial]) => serial);
    expect(naming).toContain('2025-027');
    expect(vulnerability.advisories.nodes.map((node: { serial: string }) => node.serial).toSorted()).toEqual(
      naming.toSorted(),
    );
    expect(vulnerability.advisories.nodes[0].envelope).toEqual({
      originator: { id: 'Organisation:cert-eu' },
      marking: { tlp: 'CLEAR' },
    });
    expect(body.extensions).toMatchObject({
      picture: 'real',
      holds: { tlp: 'CLEAR', pap: 'CLEAR', composable: true },
    });
  },
);

testOnReal(
  'joins the 139 vulnerabilities that CISA KEV and the advisories share, and the 12 shared with EU KEV',
  async () => {
    const { cisa, eu } = catalogueCves();
    const serials = new Map<string, string[]>();
    for (const [serial, ids] of advisoryCves()) {
      for (const id of ids) serials.set(id, [...(serials.get(id) ?? []), serial]);
    }
    const withCisa = [...serials.keys()].filter((id) => cisa.has(id));
    const withEu = [...serials.keys()].filter((id) => eu.has(id));
    expect([withCisa.length, withEu.length]).toEqual([139, 12]);
    const joined = await joinAll([...new Set([...withCisa, ...withEu])]);
    for (const [id, { catalogues, advisories }] of joined) {
      expect([id, advisories]).toEqual([id, (serials.get(id) ?? []).toSorted()]);
      expect([id, catalogues.includes('CISA_KEV'), catalogues.includes('EU_KEV')]).toEqual([
        id,
        cisa.has(id),
        eu.has(id),
      ]);
    }
    expect(joined.size).toBe(new Set([...withCisa, ...withEu]).size);
  },
);

testOnReal('resolves three names of an actor to one actor, with its MISP events', async () => {
  const names = ['Cozy Bear', 'APT 29', 'apt29'];
  const answers = await Promise.all(
    names.map(async (name) => {
      const query = `query ($name: String!) { threatActor(name: $name) { id name synonyms
        profiles { nodes { name envelope { originator { id } } } }
        mispEvents { nodes { uuid info { value } } }
        criminalProfiles { nodes { name } } } }`;
      return (await ask(standing(), analyst, query, { name })).body;
    }),
  );
  const [first] = answers;
  for (const answer of answers) expect(answer.data).toEqual(first.data);
  type Galaxy = { values: { value: string; uuid: string; meta?: { synonyms?: string[] } }[] };
  const cluster = readReal<Galaxy>('common/misp-galaxy-threat-actor.json').values.find(
    ({ value }) => value === 'APT29',
  );
  expect(first.data.threatActor.id).toBe(`ThreatActor:${cluster?.uuid}`);
  expect(first.data.threatActor.name).toBe('APT29');
  expect(first.data.threatActor.profiles.nodes).toEqual([
    { name: 'APT29', envelope: { originator: { id: 'Organisation:misp-project' } } },
  ]);
  type Event = { response: { Event: { uuid: string; info: string } }[] };
  const ghost = readReal<Event>('common/misp-events/misp-dukes-operation-ghost-event.json').response[0]
    ?.Event;
  expect(first.data.threatActor.mispEvents.nodes).toEqual([
    { uuid: ghost?.uuid, info: { value: ghost?.info } },
  ]);
});

testOnReal('resolves a EUVD id to the vulnerability under its CVE id', async () => {
  const [entry] = readReal<{ cveID: string; euvdID: string }[]>('enisa/eu-kev.json');
  const query =
    'query ($id: String!) { vulnerability(id: $id) { id aliases exploitation { nodes { catalogue } } } }';
  const { body } = await ask(standing(), analyst, query, { id: entry?.euvdID });
  expect(body.data.vulnerability).toEqual({
    id: `Vulnerability:${entry?.cveID}`,
    aliases: [entry?.euvdID],
    exploitation: { nodes: [{ catalogue: 'EU_KEV' }] },
  });
});

testOnReal('finds the event of an indicator', async () => {
  const query = `{ indicator(type: FILE_SHA1, value: "4BA559C403FF3F5CC2571AE0961EAFF6CF0A50F6") { id value
    sightings { nodes { mispType event { info { value } } } } } }`;
  const { body } = await ask(standing(), analyst, query);
  expect(body.data.indicator.sightings.nodes[0]).toEqual({
    mispType: 'sha1',
    event: { info: { value: 'Operation Ghost - White Paper' } },
  });
});

testOnReal(
  'finds indicators by values in any spelling, and names the place of one that it cannot take',
  async () => {
    const query = `{ indicators(values: ["4BA559C403FF3F5CC2571AE0961EAFF6CF0A50F6", "no indicator"]) {
    type sightings { nodes { mispType } } } }`;
    const { body } = await ask(standing(), analyst, query);
    expect(body.data.indicators).toEqual([
      { type: 'FILE_SHA1', sightings: { nodes: [{ mispType: 'sha1' }] } },
      null,
    ]);
    expect(body.errors).toEqual([
      expect.objectContaining({ path: ['indicators', 1], extensions: { code: 'INVALID_INDICATOR' } }),
    ]);
  },
);

test('finds an organisation by the beginning of its name', async () => {
  const query = '{ organisations(text: "cert-eu", first: 1) { nodes { id name } pageInfo { hasNextPage } } }';
  const { body } = await ask(standing(), analyst, query);
  expect(body.data.organisations).toEqual({
    nodes: [{ id: 'Organisation:cert-eu', name: expect.any(String) }],
    pageInfo: { hasNextPage: false },
  });
});

testOnReal('reports a name of two actors as ambiguous, and finds both by their other names', async () => {
  const { body } = await ask(
    standing(),
    analyst,
    '{ threatActor(name: "NOBELIUM") { id } threatActors(name: "nobelium") { name } }',
  );
  expect(body.data.threatActor).toBeNull();
  expect(body.errors).toEqual([
    {
      message: expect.stringContaining('threatActors'),
      path: ['threatActor'],
      extensions: { code: 'AMBIGUOUS_NAME' },
    },
  ]);
  expect(body.data.threatActors.map((actor: { name: string }) => actor.name).toSorted()).toEqual([
    'APT29',
    'UNC2452',
  ]);
});

test('returns an entity reference for any well-formed key, whether or not records exist', async () => {
  const { body } = await ask(
    standing(),
    analyst,
    `{ vulnerability(id: "CVE-1999-99999") { ${vulnerabilityParts} } threatActor(name: "Nobody Ever Heard") { name } }`,
  );
  expect(body.errors).toBeUndefined();
  expect(body.data.vulnerability).toEqual({
    name: 'CVE-1999-99999',
    exploitation: { nodes: [] },
    records: { nodes: [] },
    advisories: { nodes: [] },
    ransomwareFamilies: { nodes: [] },
  });
  expect(body.data.threatActor.name).toBe('nobodyeverheard');
});

type Joined = { readonly catalogues: readonly string[]; readonly advisories: readonly string[] };

async function joinAll(ids: readonly string[]): Promise<ReadonlyMap<string, Joined>> {
  const query = `query ($ids: [String!]!) { vulnerabilities(ids: $ids) { name
    exploitation { nodes { catalogue } } advisories { nodes { serial } } } }`;
  const { body } = await ask(standing(), analyst, query, { ids });
  type Node = {
    name: string;
    exploitation: { nodes: { catalogue: string }[] };
    advisories: { nodes: { serial: string }[] };
  };
  return new Map(
    body.data.vulnerabilities.map(({ name, exploitation, advisories }: Node) => [
      name,
      {
        catalogues: exploitation.nodes.map(({ catalogue }) => catalogue),
        advisories: advisories.nodes.map(({ serial }) => serial).toSorted(),
      },
    ]),
  );
}
