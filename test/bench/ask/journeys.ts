import { Chance } from './chance.ts';
import { states } from './records/generated.ts';
import { actorAt, cveAt, popularActor, popularCve, type World } from './world.ts';

/** A query of a client, with its variables for each repetition. `page` is the list that is examined. */
export type Journey = {
  readonly name: string;
  readonly title: string;
  readonly query: string;
  variables(turn: number): Readonly<Record<string, unknown>>;
  /** The root field of a list that `after` pages deep into. */
  readonly deep?: string;
};

const marked = 'envelope { originator { id } marking { tlp pap } receivedAt }';
const advisory = `id serial title { value } publishedAt { utc } exploitedInTheWild ${marked}`;
const event = `id uuid info { value } date { utc } threatLevel ${marked}`;
const family = `id name synonyms decryptorAvailable firstSeen { utc } ${marked}`;
const record = `id cveId title { value } state cvss { version score scoredBy } products { vendor product } ${marked}`;
const statement = `id assertedBy catalogue ransomwareUse reportedAt { utc } ${marked}`;
const profile = `id name motives modesOfOperation ${marked}`;
const incident = `id name startedAt { utc } receiverStates { code } ${marked}`;
const attribution = `id kind madeBy date { utc } wording ${marked}`;
const use = `id stixId targetRef description { value } ${marked}`;
const assessment = `id judgement confidence missionImpact ${marked}`;
const jointCase = `id title workflow ${marked}`;
const situation = `id title { value } kind keyJudgements { text confidence } ${marked}`;
const ofVulnerability = `
  id name aliases
  records(first: 5) { nodes { ${record} } }
  exploitation(first: 10) { nodes { ${statement} } }
  advisories(first: 10) { nodes { ${advisory} } }
  ransomwareFamilies(first: 10) { nodes { ${family} } }`;
const ofAll = `
  ${ofVulnerability}
  defenceAssessments(first: 10) { nodes { ${assessment} } }
  jointCaseRecords(first: 10) { nodes { ${jointCase} } }`;
const ofActor = `
  id name synonyms
  profiles(first: 5) { nodes { id name country ${marked} } }
  mispEvents(first: 10) { nodes { ${event} } }
  criminalProfiles(first: 10) { nodes { ${profile} } }
  cyberIncidents(first: 10) { nodes { ${incident} } }
  attributions(first: 10) { nodes { ${attribution} } }
  techniques(first: 10) { nodes { ${use} } }
  jointCaseRecords(first: 10) { nodes { ${jointCase} } }`;
const ofState = `
  code name
  exploitation(first: 10) { nodes { ${statement} } }
  cyberIncidents(first: 10) { nodes { ${incident} } }
  attributions(first: 10) { nodes { ${attribution} } }
  defenceAssessments(first: 10) { nodes { ${assessment} } }
  situationReports(first: 10) { nodes { ${situation} } }`;

const lists = [
  { community: 'enisa', door: 'vulnerabilityRecords', node: record },
  { community: 'cert-eu', door: 'advisories', node: advisory },
  { community: 'europol', door: 'ransomwareFamilies', node: family },
  { community: 'eeas', door: 'cyberIncidents', node: incident },
  { community: 'defence', door: 'techniqueUses', node: use },
  { community: 'joint-unit', door: 'situationReports', node: situation },
] as const;

const filtered = [
  { community: 'enisa', door: 'exploitationStatements', filter: 'catalogue: NATIONAL', node: statement },
  {
    community: 'cert-eu',
    door: 'advisories',
    filter: 'exploitedInTheWild: YES, before: "2024-01-01T00:00:00Z"',
    node: advisory,
  },
  { community: 'europol', door: 'ransomwareFamilies', filter: 'decryptorAvailable: NO', node: family },
  { community: 'eeas', door: 'attributionStatements', filter: 'kind: MEDIA', node: attribution },
  { community: 'defence', door: 'defenceAssessments', filter: 'missionImpact: DEGRADED', node: assessment },
  { community: 'joint-unit', door: 'situationReports', filter: 'kind: FLASH', node: situation },
] as const;

const guarded = [
  { community: 'enisa', door: 'vulnerabilityRecords', filter: 'state: RESERVED', node: record },
  { community: 'cert-eu', door: 'mispEvents', filter: 'threatLevel: HIGH', node: event },
  { community: 'europol', door: 'criminalProfiles', filter: '', node: profile },
  { community: 'eeas', door: 'attributionStatements', filter: 'kind: TECHNICAL', node: attribution },
  { community: 'defence', door: 'defenceAssessments', filter: 'missionImpact: DENIED', node: assessment },
  { community: 'joint-unit', door: 'jointCaseRecords', filter: 'workflow: DRAFT', node: jointCase },
] as const;

/** Returns the query that pages through a list for `deep`, 100 rows each. */
export function pagesOf(door: string): string {
  return `query ($after: String) { ${door}(first: 100, after: $after) { pageInfo { endCursor hasNextPage } } }`;
}

/** The journeys, in the order of their measurement. */
export function journeysOf(world: World): readonly Journey[] {
  const one = (turn: number) => cveAt(new Chance(turn).below(world.cves));
  return [
    {
      name: 'join',
      title: 'a vulnerability with statements, records, advisories and families, joined over three stores',
      query: `query ($id: String!) { vulnerability(id: $id) { ${ofVulnerability} } }`,
      variables: (turn) => ({ id: one(turn) }),
    },
    {
      name: 'join-popular',
      title: 'the same of the CVE that everybody names',
      query: `query ($id: String!) { vulnerability(id: $id) { ${ofVulnerability} } }`,
      variables: () => ({ id: popularCve }),
    },
    {
      name: 'join-25',
      title: '25 vulnerabilities at once, joined likewise',
      query: `query ($ids: [String!]!) { vulnerabilities(ids: $ids) { ${ofVulnerability} } }`,
      variables: (turn) => ({ ids: Array.from({ length: 25 }, (_, at) => one(turn * 25 + at)) }),
    },
    {
      name: 'join-25-popular',
      title: '25 vulnerabilities at once, the popular one among them',
      query: `query ($ids: [String!]!) { vulnerabilities(ids: $ids) { ${ofVulnerability} } }`,
      variables: (turn) => ({
        ids: [popularCve, ...Array.from({ length: 24 }, (_, at) => one(turn * 25 + at))],
      }),
    },
    {
      name: 'join-all',
      title: 'a vulnerability with all that five communities hold on it',
      query: `query ($id: String!) { vulnerability(id: $id) { ${ofAll} } }`,
      variables: (turn) => ({ id: one(turn) }),
    },
    {
      name: 'state',
      title: 'a Member State with what four communities hold on it, a sixth of their stores',
      query: `query ($code: String!) { memberState(code: $code) { ${ofState} } }`,
      variables: (turn) => ({ code: states[turn % states.length] }),
    },
    {
      name: 'actor',
      title: 'an actor by one of its names, with what five communities hold on it',
      query: `query ($name: String!) { threatActor(name: $name) { ${ofActor} } }`,
      variables: (turn) => ({ name: actorAt(1 + new Chance(turn).below(world.actors - 1)).synonyms[1] }),
    },
    {
      name: 'actor-popular',
      title: 'the same of the actor that everybody writes of',
      query: `query ($name: String!) { threatActor(name: $name) { ${ofActor} } }`,
      variables: () => ({ name: actorAt(popularActor).name }),
    },
    ...lists.flatMap(({ community, door, node }): Journey[] => [
      {
        name: `first-${community}`,
        title: `the first 50 of ${door}`,
        query: `{ ${door}(first: 50) { nodes { ${node} } pageInfo { endCursor hasNextPage } } }`,
        variables: () => ({}),
      },
      {
        name: `deep-${community}`,
        title: `50 of ${door} hundreds of pages deep`,
        query: `query ($after: String) { ${door}(first: 50, after: $after) { nodes { ${node} } pageInfo { endCursor } } }`,
        variables: () => ({}),
        deep: door,
      },
    ]),
    {
      name: 'deep-tied',
      title: '50 of actorProfiles deep in a list whose rows all have the same time',
      query: `query ($after: String) { actorProfiles(first: 50, after: $after) { nodes { id name country ${marked} } pageInfo { endCursor } } }`,
      variables: () => ({}),
      deep: 'actorProfiles',
    },
    ...filtered.map(({ community, door, filter, node }): Journey => ({
      name: `filtered-${community}`,
      title: `the first 50 of ${door} with ${filter.replaceAll('"', '')}`,
      query: `{ ${door}(first: 50, filter: { ${filter} }) { nodes { ${node} } pageInfo { endCursor } } }`,
      variables: () => ({}),
    })),
    ...guarded.map(({ community, door, filter, node }): Journey => ({
      name: `guarded-${community}`,
      title: `the first 50 of ${door}${filter && ` with ${filter}`}, where next to nothing is CLEAR`,
      query: `{ ${door}(first: 50${filter && `, filter: { ${filter} }`}) { nodes { ${node} } pageInfo { endCursor } } }`,
      variables: () => ({}),
    })),
  ];
}
