import { expect, test } from '@jest/globals';
import { findPolicyGaps, findSubgraphGaps } from '../../../../schema/policy/check/coverage.ts';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@shareable", "@external", "@requires", "@provides", "@override", "@context", "@fromContext"
])\n`;

/** A small policy: CERT-EU's advisories and Europol's families, beside what they share. */
const coordinates = `
format: jcu-policy-coordinates/1
types:
  Query:
    nature: door
    fields:
      Hub.public: ["vulnerability(id)"]
      Advisory.content: ["advisories(filter)"]
  Vulnerability:
    nature: shared
    fields:
      Hub.public: [id, name]
      Advisory.content: [advisories, worst]
      RansomwareFamily.content: [families, risk(of)]
  Advisory:
    nature: record
    fields: { content: [id, envelope, title, scores], audience: [readers] }
  Envelope: { nature: envelope, fields: { content: [version] } }
  Families: { nature: part, fields: { RansomwareFamily.content: [nodes] } }
  Score: { nature: part, fields: { content: [value] } }
  Readers: { nature: part, fields: { audience: [names] } }
  AdvisoryFilter: { nature: input, fields: { Advisory.content!search: [serial] } }
`;

function policyOf(text: string = coordinates) {
  return policyOfTexts({ ...readPolicyTexts(), 'coordinates.yaml': text });
}

function gapsOf(sdl: string, name = 'cert-eu', text = coordinates): readonly string[] {
  return findSubgraphGaps(policyOf(text), name, sdl.includes('extend schema') ? sdl : link + sdl);
}

/** The policy with one more line under a type. */
function withFields(type: string, path: string, ...fields: readonly string[]): string {
  return `${coordinates}  ${type}: { nature: door, fields: { ${path}: [${fields.join(', ')}] } }\n`;
}

test('the real contract, subgraph by subgraph and as a whole, has no gap', () => {
  expect(findPolicyGaps(readPolicy())).toEqual([]);
});

test('a small contract without a fault is taken', () => {
  const sdl = `
    type Query { advisories(filter: AdvisoryFilter): [Advisory!] }
    input AdvisoryFilter { serial: String }
    type Vulnerability @key(fields: "id") { id: ID!  advisories: [Advisory!] }
    type Advisory @key(fields: "id") { id: ID!  envelope: Envelope  title: String  scores: [Score!]  readers: Readers }
    type Envelope @shareable { version: Int }
    type Score @shareable { value: Float! }
    type Readers { names: [String!]! }`;
  expect(gapsOf(sdl)).toEqual([]);
});

test('a field, an argument, a mutation, a subscription and a type that no rule names are refused', () => {
  const sdl = `
    type Query { advisories(filter: Int, secret: Int): Int }
    type Mutation { erase(id: ID!): Boolean }
    type Subscription { changed: Int }
    type _Hidden { title: String }
    type Advisory { _title: String }`;
  expect(gapsOf(sdl)).toEqual([
    'Query.advisories(secret:): no rule names it',
    'Mutation.erase: no rule names it',
    'Subscription.changed: no rule names it',
    '_Hidden.title: no rule names it',
    'Advisory._title: no rule names it',
  ]);
});

test('what only an extension says is looked at, also where nobody defines what it extends', () => {
  expect(gapsOf('extend type Backdoor { title: String }')).toEqual(['Backdoor.title: no rule names it']);
  expect(gapsOf('type Advisory { id: ID! } extend type Advisory { secret: String }')).toEqual([
    'Advisory.secret: no rule names it',
  ]);
});

test('a rule that names what no subgraph has is refused', () => {
  const gaps = findPolicyGaps(policyOf(), {
    'cert-eu': `${link} type Query { advisories(filter: Int): Int }`,
  });
  expect(gaps).toContain('Query.vulnerability: a rule names what does not exist');
});

test('a rule on an interface or a union is refused', () => {
  expect(gapsOf('interface Named { name: String } union Any = Score type Score { value: Float }')).toEqual([
    'Named: rules on abstract types are not taken',
    'Any: rules on abstract types are not taken',
  ]);
});

test('a guarded field, or one that another subgraph contributes, is refused where it cannot be null', () => {
  const sdl = `
    type Vulnerability @key(fields: "id") { id: ID!  advisories: [Advisory!]! }
    type Advisory @key(fields: "id") { id: ID!  title: String! }`;
  expect(gapsOf(sdl)).toEqual([
    'Vulnerability.advisories: a guarded field must be nullable',
    'Advisory.title: a guarded field must be nullable',
  ]);
});

test('a mutation says what it does, a subscription subscribes, and a query does neither', () => {
  const read = withFields('Mutation', 'Advisory.content', 'publish');
  expect(gapsOf('type Mutation { publish: Boolean }', 'cert-eu', read)).toEqual([
    'cert-eu: Mutation.publish: a rule for one of create, change, mark-up, mark-down, release, administer is ' +
      'needed, and this one is to read',
  ]);
  const change = withFields('Mutation', 'Advisory.content!change', 'publish');
  expect(gapsOf('type Mutation { publish: Boolean }', 'cert-eu', change)).toEqual([]);
  const exporting = withFields('Subscription', 'Advisory.content!export', 'changes');
  expect(gapsOf('type Subscription { changes: Int }', 'cert-eu', exporting)).toEqual([
    'cert-eu: Subscription.changes: a rule for one of subscribe is needed, and this one is to export',
  ]);
  const subscribing = withFields('Subscription', 'Advisory.content', 'changes');
  expect(gapsOf('type Subscription { changes: Int }', 'cert-eu', subscribing)).toEqual([]);
});

test('a type that the policy takes for another nature is refused: the wrong guard would stand at it', () => {
  expect(gapsOf('type Query { a: Score } type Score @key(fields: "value") { value: Float }')).toContain(
    'cert-eu: Score: an entity is a record or shared, and the policy calls it a part',
  );
  expect(gapsOf('input Score { value: Float }')).toEqual([
    'cert-eu: Score: the policy calls it a part, and it is an input',
  ]);
  expect(gapsOf('type AdvisoryFilter { serial: String }')).toEqual([
    'cert-eu: AdvisoryFilter: the policy calls it an input, and it is given out',
  ]);
  const rooted = coordinates.replace('Score: { nature: part', 'Mutation: { nature: part');
  expect(gapsOf('type Mutation { value: Float }', 'cert-eu', rooted)).toEqual([
    'cert-eu: Mutation: the policy calls it a part, and it is a root type',
  ]);
});

test('a key that is no id and not public is refused: it leaves the community', () => {
  expect(gapsOf('type Advisory @key(fields: "id title") { id: ID!  title: String }')).toEqual([
    'cert-eu: Advisory.title: a key is an id or public, since it leaves the community',
  ]);
});

test("a shared field that another community's subgraph, or the hub's, would answer too is refused", () => {
  const sdl = 'type Vulnerability @key(fields: "id") { id: ID!  advisories: [Advisory!] @shareable }';
  expect(gapsOf(`${sdl} type Advisory { id: ID! }`, 'europol')).toEqual([
    'europol: Vulnerability.advisories: cert-eu alone answers for a field of Advisory, and europol would too',
    'europol: Advisory.id: cert-eu alone answers for a field of Advisory, and europol would too',
  ]);
  expect(gapsOf('type Vulnerability @key(fields: "id") { id: ID!  name: String @shareable }')).toEqual([
    'cert-eu: Vulnerability.name: hub alone answers for a field of Hub, and cert-eu would too',
  ]);
});

function open(sdl: string, name = 'cert-eu'): readonly string[] {
  return gapsOf(sdl, name).filter((gap) => / opens | gives /.test(gap));
}

test('a part that is reached past its guard is refused', () => {
  const score = 'type Score { value: Float }';
  expect(open(`type Vulnerability @key(fields: "id") { id: ID!  name: Score } ${score}`, 'hub')).toEqual([
    'hub: Vulnerability.name: it opens Score.value, which is of content, and is Hub.public',
  ]);
  expect(open('type Query { vulnerability(id: ID): Advisory } type Advisory { id: ID! }', 'hub')).toEqual([
    'hub: Query.vulnerability: it is public, and gives the record Advisory',
  ]);
  expect(open('type Advisory { title: Readers } type Readers { names: String }')).toEqual([
    'cert-eu: Advisory.title: it opens Readers.names, which is of audience, and is Advisory.content',
  ]);
  expect(open('type Advisory { scores: Families } type Families { nodes: Int }')).toEqual([
    'cert-eu: Advisory.scores: it opens Families.nodes, which is of RansomwareFamily.content, and is Advisory.content',
  ]);
  expect(open(`type Advisory { scores: Score } ${score}`)).toEqual([]);
});

test('an envelope that no record gives is refused', () => {
  expect(gapsOf('type Query { advisories(filter: Int): Envelope } type Envelope { version: Int }')).toEqual([
    'cert-eu: Query.advisories: an envelope is given by a record alone',
  ]);
});

const shared = (fields: string) =>
  `type Vulnerability @key(fields: "id") { id: ID!  name: String @external  advisories: Int @external  ${fields} }`;

test('@requires of what its reader may not read is refused, and of what is public is not', () => {
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "name")'), 'europol')).toEqual([]);
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "name advisories")'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @requires reads Vulnerability.advisories, which its reader may not',
  ]);
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "")'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @requires names nothing that can be checked',
  ]);
});

test('@provides of what its reader may not read is refused', () => {
  const sdl = `type Query { advisories(filter: Int): [Vulnerability!] @provides(fields: "families { nodes }") }
    type Families { nodes: Int }
    type Vulnerability @key(fields: "id") { id: ID!  families: Families @external }`;
  expect(gapsOf(sdl).filter((gap) => gap.includes('@provides'))).toEqual([
    'cert-eu: Query.advisories: @provides reads Vulnerability.families, which its reader may not',
    'cert-eu: Query.advisories: @provides reads Families.nodes, which its reader may not',
  ]);
});

const filled = (field: string) => `
  type Vulnerability @key(fields: "id") @context(name: "shared") {
    id: ID!  name: String @external  advisories: Int @external
    risk(of: Int @fromContext(field: "$shared ${field}")): Int
  }`;

test('an argument from a context that its reader may not read is refused', () => {
  expect(gapsOf(filled('{ name }'), 'europol')).toEqual([]);
  expect(gapsOf(filled('{ advisories }'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @fromContext reads Vulnerability.advisories, which its reader may not',
  ]);
  expect(gapsOf(filled('... on Vulnerability { advisories }'), 'europol')).toHaveLength(1);
  expect(gapsOf(filled('{ name }').replace('$shared', '$other'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @fromContext names nothing that can be checked',
  ]);
});

test('@override, which takes an answer over from another guard, is refused', () => {
  expect(gapsOf('type Vulnerability { families: Int @override(from: "hub") }', 'europol')).toEqual([
    'europol: Vulnerability.families: @override takes it over from hub, whose guard it had',
  ]);
});

const url = 'https://specs.apollo.dev/federation/v2.9';

function directives(head: string): readonly string[] {
  return gapsOf(`extend schema ${head}\ntype Score @shareable { value: Float }`);
}

test('a directive that is renamed, unknown, not imported or of another specification is refused', () => {
  expect(directives(`@link(url: "${url}", import: ["@shareable"])`)).toEqual([]);
  expect(
    directives(`@link(url: "${url}", import: [{ name: "@shareable", as: "@open" }, "@shareable"])`),
  ).toEqual(['cert-eu: @link: a directive is renamed: @shareable as @open']);
  expect(directives(`@link(url: "${url}", as: "fed", import: ["@shareable"])`)).toEqual([
    'cert-eu: @link: the federation is renamed to fed',
  ]);
  expect(directives(`@link(url: "https://example.org/policy/v1", import: ["@shareable"])`)).toEqual([
    "cert-eu: @link: expected the federation's own specification, got https://example.org/policy/v1",
  ]);
  expect(directives(`@link(url: "${url}", import: ["@key"])`)).toEqual([
    'cert-eu: @shareable: it is used and not imported from the federation',
  ]);
  expect(directives('@tag(name: "x")')).toContain('cert-eu: @link: the file does not link to the federation');
});

test('directives that say who may read, or answer past its rules, are refused: the policy stands beside the graph', () => {
  for (const name of [
    'authenticated',
    'requiresScopes',
    'policy',
    'composeDirective',
    'interfaceObject',
    'federation__key',
  ]) {
    expect(gapsOf(`type Score @${name} { value: Float }`)).toEqual([
      `cert-eu: @${name}: a directive that the policy does not know`,
    ]);
  }
  expect(gapsOf('directive @open on OBJECT')).toEqual(["cert-eu: @open: a directive of a subgraph's own"]);
});

test('a root type under another name is refused: its doors would have no shield', () => {
  expect(gapsOf(`${link.replace('])', ']) { mutation: Score }')} type Score { value: Float }`)).toEqual([
    'cert-eu: Score: a root type under another name than its own',
  ]);
});

test('a coordinate that is named twice is refused: the last one would be taken without a word', () => {
  const twice = coordinates.replace('audience: [readers]', 'audience: [readers, title]');
  expect(() => policyOf(twice)).toThrow('coordinates.Advisory: title is named twice');
});
