import { expect, test } from '@jest/globals';
import { type FieldDefinitionNode, Kind, type ObjectTypeDefinitionNode, parse } from 'graphql';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type As, ask, standing } from '../helpers/ask.ts';
import { testOnReal } from '../helpers/real.ts';
import { realData } from '../helpers/standing.ts';

const exercise = 'exercise:trial-2026';

/** Six kinds of reader, each with its usual purpose. */
const readers: readonly (As & { readonly purpose: string })[] = [
  { as: 'enisa-analyst', purpose: 'incident-response' },
  { as: 'cert-eu-analyst', purpose: 'incident-response' },
  { as: 'europol-analyst', purpose: 'crime-prevention' },
  { as: 'eeas-analyst', purpose: 'diplomatic-response' },
  { as: 'ee-milcert-analyst', purpose: 'cyber-defence' },
  { as: 'private-partner', purpose: 'incident-response' },
];

/** Returns the number of records in each list of a shared entity for a reader, without empty lists. */
async function countParts(
  who: As,
  what: string,
  lists: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const asked = lists.map((name) => `${name}(first: 100) { nodes { id } total { value } }`).join(' ');
  const { status, body } = await ask(standing(), who, `{ thing: ${what} { ${asked} } }`);
  expect([status, body.errors]).toEqual([200, undefined]);
  type Page = {
    readonly nodes: readonly { readonly id: string }[];
    readonly total: { readonly value: number };
  };
  const pages = Object.entries(body.data.thing as Readonly<Record<string, Page>>);
  for (const [name, { nodes, total }] of pages) expect([name, total.value]).toEqual([name, nodes.length]);
  return Object.fromEntries(
    pages.filter(([, { nodes }]) => nodes.length > 0).map(([name, { nodes }]) => [name, nodes.length]),
  );
}

function isList({ type }: FieldDefinitionNode): boolean {
  return type.kind === Kind.NAMED_TYPE && type.name.value.endsWith('Connection');
}

/** Returns all lists of a shared type, from the published schema. */
function listsOf(type: string): readonly string[] {
  const found = published.definitions.find(
    (node): node is ObjectTypeDefinitionNode =>
      node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === type,
  );
  return (found?.fields ?? []).filter(isList).map(({ name }) => name.value);
}

const published = parse(readFileSync(join(import.meta.dirname, '../../schema/published.graphql'), 'utf8'));
const ofActor = listsOf('ThreatActor');
const ofState = listsOf('MemberState');

const once = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 1]));

testOnReal(
  'joins an actor’s EuRepoC incidents, ATT&CK techniques and MISP events under three names, for each kind of reader',
  async () => {
    const names = ['Lazarus Group', 'hidden cobra', 'APT-C-26'];
    const open = {
      attackGroups: 2,
      criminalProfiles: 1,
      cyberIncidents: incidentsBy('Lazarus Group').size,
      profiles: 1,
      software: 2,
      techniques: 1,
    };
    expect(open.cyberIncidents).toBe(74);
    for (const who of readers) {
      // The event is GREEN. The private partner is not in its community.
      const expected = who.as === 'private-partner' ? open : { ...open, mispEvents: 1 };
      for (const name of names) {
        const parts = await countParts(who, `threatActor(name: "${name}")`, ofActor);
        expect([who.as, name, parts]).toEqual([who.as, name, expected]);
      }
    }
  },
);

testOnReal('joins an actor’s incidents and ransomware families from two communities', async () => {
  for (const name of ['Kimsuky', 'Velvet Chollima', 'black banshee']) {
    const query = `{ threatActor(name: "${name}") { ransomwareFamilies { nodes { name } }
      cyberIncidents(first: 50) { nodes { reference } } } }`;
    const { body } = await ask(standing(), readers[2] ?? 'europol-analyst', query);
    expect(body.data.threatActor.ransomwareFamilies.nodes).toEqual([{ name: 'XRat' }]);
    const found = body.data.threatActor.cyberIncidents.nodes.map(
      (node: { reference: string }) => node.reference,
    );
    // For incident 1411 the dataset names TA406 first, which is another actor in the galaxy.
    const expected = [...incidentsBy('Kimsuky')].filter((id) => id !== '1411');
    expect(found.toSorted()).toEqual(expected.toSorted());
  }
});

testOnReal('lists the incidents of a Member State alike for each kind of reader', async () => {
  const struck = new Set(
    rowsOf('eeas/eurepoc-targeted-sectors.csv').flatMap((row) =>
      row['receiver_country'] === 'France' ? [row['ID'] ?? ''] : [],
    ),
  );
  expect(struck.size).toBe(76);
  for (const who of readers) {
    const parts = await countParts(who, 'memberState(code: "FR")', ofState);
    expect([who.as, parts]).toEqual([who.as, { cyberIncidents: struck.size }]);
  }
});

/** The exercise's CLEAR records, its GREEN records, and those for all named recipients. */
const openOfState = ['attributions', 'cyberIncidents', 'quarterlySummaries'];
const sharedOfState = [
  ...openOfState,
  'coordinatedDisclosures',
  'craNotifications',
  'defenceAssessments',
  'dutyContacts',
  'maliciousActivityCases',
  'mobilisations',
  'responsePlans',
  'situationReports',
];

test('lists each community’s records on a Member State that each kind of reader may read', async () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'enisa-analyst': [...sharedOfState, 'notificationFiles', 'unionIncidents'],
    'cert-eu-analyst': [...sharedOfState, 'unionIncidents'],
    'europol-analyst': [...sharedOfState, 'operations'],
    'eeas-analyst': sharedOfState,
    'ee-milcert-analyst': sharedOfState,
    'private-partner': openOfState,
  };
  for (const who of readers) {
    const parts = await countParts({ ...who, picture: exercise }, 'memberState(code: "FR")', ofState);
    expect([who.as, parts]).toEqual([who.as, once(expected[who.as]?.toSorted() ?? [])]);
  }
});

const openOfActor = [
  'attackGroups',
  'attributions',
  'campaigns',
  'criminalProfiles',
  'cyberIncidents',
  'exploitation',
  'profiles',
  'sanctions',
  'software',
  'techniques',
];
const sharedOfActor = [
  ...openOfActor,
  'defenceAssessments',
  'jointCaseRecords',
  'maliciousActivityCases',
  'mispEvents',
  'ransomwareFamilies',
  'responses',
  'stixObservations',
  'threatProducts',
];

test('lists all six communities’ records on an actor that each kind of reader may read', async () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'enisa-analyst': [...sharedOfActor, 'unionIncidents'],
    'cert-eu-analyst': [...sharedOfActor, 'unionIncidents'],
    'europol-analyst': [...sharedOfActor, 'contributions', 'operations'],
    'eeas-analyst': sharedOfActor,
    'ee-milcert-analyst': sharedOfActor,
    'private-partner': openOfActor,
  };
  for (const who of readers) {
    const parts = await countParts(
      { ...who, picture: exercise },
      'threatActor(name: "Paper Lantern")',
      ofActor,
    );
    expect([who.as, parts]).toEqual([who.as, once(expected[who.as]?.toSorted() ?? [])]);
  }
});

test('hides a record that is shared for a purpose from its recipient without that purpose', async () => {
  const [who] = readers;
  const stated = await countParts(
    { ...who, as: 'enisa-analyst', picture: exercise },
    'memberState(code: "FR")',
    ofState,
  );
  const unstated = await countParts(
    { as: 'enisa-analyst', picture: exercise },
    'memberState(code: "FR")',
    ofState,
  );
  expect(stated).toEqual({ ...unstated, unionIncidents: 1 });
  expect(unstated).not.toHaveProperty('unionIncidents');
});

/** Returns the EuRepoC incidents whose initiator has a name of one actor of the galaxy only. */
function incidentsBy(actor: string): ReadonlySet<string> {
  type Galaxy = { values: { value: string; meta?: { synonyms?: string[] } }[] };
  const { values } = JSON.parse(
    readFileSync(join(realData, 'common/misp-galaxy-threat-actor.json'), 'utf8'),
  ) as Galaxy;
  const owners = new Map<string, Set<string>>();
  for (const { value, meta } of values) {
    for (const name of [value, ...(meta?.synonyms ?? [])].map(plain))
      owners.set(name, (owners.get(name) ?? new Set()).add(value));
  }
  const isOf = (name: string) => {
    const found = owners.get(plain(name));
    return found?.size === 1 && found.has(actor);
  };
  const rows = rowsOf('eeas/eurepoc-initiators.csv');
  return new Set(
    rows.flatMap((row) => ((row['initiator_name'] ?? '').split('/').some(isOf) ? [row['ID'] ?? ''] : [])),
  );
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Returns the rows of a CSV file (RFC 4180) by the names in its first row. */
function rowsOf(path: string): readonly Readonly<Record<string, string>>[] {
  const text = readFileSync(join(realData, path), 'utf8').replace(/^\ufeff/, '');
  const rows: string[][] = [[]];
  for (const [, quoted, bare = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end !== ',') rows.push([]);
  }
  const [heads = [], ...cells] = rows.filter((row) => row.length > 1);
  return cells.map((row) => Object.fromEntries(heads.map((head, at) => [head, row[at] ?? ''])));
}
