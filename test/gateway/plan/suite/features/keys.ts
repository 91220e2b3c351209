import { createSupergraph } from '../supergraph.ts';

const users = [
  { __typename: 'User', id: '1', email: 'ada@example.eu', name: 'Ada', teamId: 0 },
  { __typename: 'User', id: '2', email: 'bob@example.eu', name: 'Bob', teamId: 1 },
  { __typename: 'User', id: '3', email: '', name: '', teamId: null },
  { __typename: 'User', id: '0', email: 'zoe@example.eu', name: 'Zoe', teamId: 1 },
] as const;

const teams = [
  { __typename: 'Team', number: 0, motto: '', siteKey: ['eu', 'x'], active: false },
  { __typename: 'Team', number: 1, motto: 'Share', siteKey: ['eu', ''], active: true },
] as const;

const sites = [
  {
    __typename: 'Site',
    region: { code: 'eu', zone: { id: '1' } },
    slug: 'x',
    city: 'Athens',
    floors: 0,
    leadId: '2',
  },
  {
    __typename: 'Site',
    region: { code: 'eu', zone: { id: '' } },
    slug: '',
    city: '',
    floors: 4,
    leadId: '1',
  },
] as const;

const flags = [
  { __typename: 'Flag', on: false, note: 'off', level: 0 },
  { __typename: 'Flag', on: true, note: '', level: 1 },
] as const;

type User = (typeof users)[number];
type Team = (typeof teams)[number];
type Site = (typeof sites)[number];

/** Keys of all kinds: single, composite, nested, several of one type, falsy values; jumps over three levels. */
export const keys = createSupergraph({
  name: 'keys',
  world: () => ({ User: users, Team: teams, Site: sites, Flag: flags }),
  resolvers: (world) => ({
    Query: {
      users: () => world().User,
      user: (_: unknown, { id }: { id: string }) => world().User.find((user) => user.id === id),
      byEmail: (_: unknown, { email }: { email: string }) =>
        world().User.find((user) => user.email === email),
      teams: () => world().Team,
      team: (_: unknown, args: { number: number }) =>
        world().Team.find(({ number }) => number === args.number),
      flags: () => world().Flag,
      sites: () => world().Site,
    },
    User: { team: (user: User) => world().Team.find(({ number }) => number === user.teamId) },
    Team: {
      members: (team: Team) => world().User.filter(({ teamId }) => teamId === team.number),
      site: (team: Team) =>
        world().Site.find(({ region, slug }) => region.code === team.siteKey[0] && slug === team.siteKey[1]),
    },
    Site: {
      lead: (site: Site) =>
        world().User.find(({ id }) => id === world().Site.find(({ slug }) => slug === site.slug)?.leadId),
    },
  }),
  subgraphs: [
    {
      name: 'people',
      typeDefs: `
        type Query { users: [User!]! user(id: ID!): User flags: [Flag] }
        type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String }
        type Flag @key(fields: "on") { on: Boolean! note: String }`,
    },
    {
      name: 'teams',
      typeDefs: `
        type Query { teams: [Team] team(number: Int!): Team byEmail(email: String!): User }
        type User @key(fields: "email") { email: String! team: Team }
        type Team @key(fields: "number") { number: Int! motto: String members: [User!] active: Boolean }`,
    },
    {
      name: 'places',
      typeDefs: `
        type Team @key(fields: "number") { number: Int! site: Site }
        type Site @key(fields: "region { code zone { id } } slug") { region: Region! slug: String! }
        type Region @shareable { code: String! zone: Zone! }
        type Zone @shareable { id: ID! }
        type Flag @key(fields: "on") { on: Boolean! level: Int }`,
    },
    {
      name: 'buildings',
      typeDefs: `
        type Query { sites: [Site!] }
        type Site @key(fields: "slug region { zone { id } code }") {
          region: Region! slug: String! city: String floors: Int lead: User }
        type Region @shareable { code: String! zone: Zone! }
        type Zone @shareable { id: ID! }
        type User @key(fields: "id", resolvable: false) { id: ID! }`,
    },
  ],
  operations: [
    { name: 'single key', query: '{ users { id name } user(id: "0") { id name email } }' },
    { name: 'absent entity', query: '{ user(id: "9") { id team { motto } } }' },
    { name: 'second key', query: '{ users { id team { number motto } } }' },
    { name: 'second key to first', query: '{ byEmail(email: "ada@example.eu") { id name email } }' },
    { name: 'empty string as a key', query: '{ byEmail(email: "") { id name email team { number } } }' },
    { name: 'zero as a key', query: '{ team(number: 0) { number motto site { slug city floors } } }' },
    { name: 'false as a key', query: '{ flags { level note on } }' },
    { name: 'falsy key that is not selected', query: '{ flags { level } }' },
    { name: 'composite and nested key', query: '{ teams { site { city } } }' },
    {
      name: 'nested key that is selected',
      query: '{ teams { site { region { code } city region { zone { id } } slug } } }',
    },
    {
      name: 'jumps of three levels',
      query: '{ users { name team { motto site { city lead { name team { site { floors } } } } } } }',
    },
    {
      name: 'jumps around a circle',
      query: '{ sites { city lead { email team { members { name team { site { lead { id name } } } } } } } }',
    },
    {
      name: 'a key with aliases',
      query: '{ users { email: id id: email key: team { number: motto motto: number } } }',
    },
    {
      name: 'alias equal to a key field of another type',
      query: '{ teams { number: motto site { slug: city region: floors } } }',
    },
    {
      name: 'root fields of several subgraphs',
      query: '{ users { id } teams { number } sites { slug } flags { on } }',
    },
    {
      name: 'one root field twice with aliases',
      query: '{ a: user(id: "1") { name team { motto } } b: user(id: "2") { name team { active } } }',
    },
    {
      name: 'only __typename',
      query: '{ __typename users { __typename team { __typename site { __typename } } } }',
    },
    { name: 'a not resolvable key', query: '{ sites { lead { id } } }' },
    { name: 'a not resolvable key, continued', query: '{ sites { lead { name } } }' },
  ],
});
