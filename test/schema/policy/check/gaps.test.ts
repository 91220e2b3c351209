import { expect, test } from '@jest/globals';
import { findPolicyGaps, findSubgraphGaps } from '../../../../schema/policy/check/coverage.ts';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@shareable", "@external", "@requires", "@provides", "@override", "@context", "@fromContext"
])\n`;

/** A small policy: CERT-EU's advisories, Europol's families, and a shared type. */
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

/** Returns the policy with one more type. */
function withFields(type: string, path: string, ...fields: readonly string[]): string {
  return `${coordinates}  ${type}: { nature: door, fields: { ${path}: [${fields.join(', ')}] } }\n`;
}

test('the policy covers the graph without a gap', () => {
  expect(findPolicyGaps(readPolicy())).toEqual([]);
});

test('accepts a small contract without faults', () => {
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

test('rejects a field, an argument, a mutation, a subscription and a type without a group', () => {
  const sdl = `
    type Query { advisories(filter: Int, secret: Int): Int }
    type Mutation { erase(id: ID!): Boolean }
    type Subscription { changed: Int }
    type _Hidden { title: String }
    type Advisory { _title: String }`;
  expect(gapsOf(sdl)).toEqual([
    'Query.advisories(secret:): no group in coordinates.yaml',
    'Mutation.erase: no group in coordinates.yaml',
    'Subscription.changed: no group in coordinates.yaml',
    '_Hidden.title: no group in coordinates.yaml',
    'Advisory._title: no group in coordinates.yaml',
  ]);
});

test('checks the fields of an extension, with or without a definition of its type', () => {
  expect(gapsOf('extend type Backdoor { title: String }')).toEqual([
    'Backdoor.title: no group in coordinates.yaml',
  ]);
  expect(gapsOf('type Advisory { id: ID! } extend type Advisory { secret: String }')).toEqual([
    'Advisory.secret: no group in coordinates.yaml',
  ]);
});

test('rejects a coordinate that no subgraph has', () => {
  const gaps = findPolicyGaps(policyOf(), {
    'cert-eu': `${link} type Query { advisories(filter: Int): Int }`,
  });
  expect(gaps).toContain('Query.vulnerability: in coordinates.yaml, but not in the graph');
});

test('rejects interfaces and unions', () => {
  expect(gapsOf('interface Named { name: String } union Any = Score type Score { value: Float }')).toEqual([
    'Named: interfaces and unions are not supported, because graphql-shield ignores rules on them',
    'Any: interfaces and unions are not supported, because graphql-shield ignores rules on them',
  ]);
});

test('rejects a guarded or contributed field that is not nullable', () => {
  const sdl = `
    type Vulnerability @key(fields: "id") { id: ID!  advisories: [Advisory!]! }
    type Advisory @key(fields: "id") { id: ID!  title: String! }`;
  expect(gapsOf(sdl)).toEqual([
    'Vulnerability.advisories: a guarded field must be nullable',
    'Advisory.title: a guarded field must be nullable',
  ]);
});

test('rejects an action that does not fit a mutation or a subscription', () => {
  const read = withFields('Mutation', 'Advisory.content', 'publish');
  expect(gapsOf('type Mutation { publish: Boolean }', 'cert-eu', read)).toEqual([
    'cert-eu: Mutation.publish: expected the action create, change, move, mark-up, mark-down, release, administer, got read',
  ]);
  const change = withFields('Mutation', 'Advisory.content!change', 'publish');
  expect(gapsOf('type Mutation { publish: Boolean }', 'cert-eu', change)).toEqual([]);
  const exporting = withFields('Subscription', 'Advisory.content!export', 'changes');
  expect(gapsOf('type Subscription { changes: Int }', 'cert-eu', exporting)).toEqual([
    'cert-eu: Subscription.changes: expected the action subscribe, got export',
  ]);
  const subscribing = withFields('Subscription', 'Advisory.content', 'changes');
  expect(gapsOf('type Subscription { changes: Int }', 'cert-eu', subscribing)).toEqual([]);
});

test('rejects a type with the wrong nature, which would get the wrong guard', () => {
  expect(gapsOf('type Query { a: Score } type Score @key(fields: "value") { value: Float }')).toContain(
    'cert-eu: Score: an entity must be a record or shared, but coordinates.yaml says part',
  );
  expect(gapsOf('input Score { value: Float }')).toEqual([
    'cert-eu: Score: coordinates.yaml says part, but it is an input type',
  ]);
  expect(gapsOf('type AdvisoryFilter { serial: String }')).toEqual([
    'cert-eu: AdvisoryFilter: coordinates.yaml says input, but it is an output type',
  ]);
  const rooted = coordinates.replace('Score: { nature: part', 'Mutation: { nature: part');
  expect(gapsOf('type Mutation { value: Float }', 'cert-eu', rooted)).toEqual([
    'cert-eu: Mutation: coordinates.yaml says part, but it is a root type',
  ]);
});

test('rejects a key that is neither an id nor public', () => {
  expect(gapsOf('type Advisory @key(fields: "id title") { id: ID!  title: String }')).toEqual([
    'cert-eu: Advisory.title: a key must be an id or public, because it leaves the community',
  ]);
});

test('rejects a field that another subgraph also resolves', () => {
  const sdl = 'type Vulnerability @key(fields: "id") { id: ID!  advisories: [Advisory!] @shareable }';
  expect(gapsOf(`${sdl} type Advisory { id: ID! }`, 'europol')).toEqual([
    'europol: Vulnerability.advisories: only cert-eu may resolve a field of Advisory, got europol',
    'europol: Advisory.id: only cert-eu may resolve a field of Advisory, got europol',
  ]);
  expect(gapsOf('type Vulnerability @key(fields: "id") { id: ID!  name: String @shareable }')).toEqual([
    'cert-eu: Vulnerability.name: only hub may resolve a field of Hub, got cert-eu',
  ]);
});

function open(sdl: string, name = 'cert-eu'): readonly string[] {
  return gapsOf(sdl, name).filter((gap) => / it returns | must not return /.test(gap));
}

test('rejects a path to a part that bypasses its guard', () => {
  const score = 'type Score { value: Float }';
  expect(open(`type Vulnerability @key(fields: "id") { id: ID!  name: Score } ${score}`, 'hub')).toEqual([
    'hub: Vulnerability.name: it returns Score.value of the group content, but has the group Hub.public',
  ]);
  expect(open('type Query { vulnerability(id: ID): Advisory } type Advisory { id: ID! }', 'hub')).toEqual([
    'hub: Query.vulnerability: a public field must not return the record Advisory',
  ]);
  expect(open('type Advisory { title: Readers } type Readers { names: String }')).toEqual([
    'cert-eu: Advisory.title: it returns Readers.names of the group audience, but has the group Advisory.content',
  ]);
  expect(open('type Advisory { scores: Families } type Families { nodes: Int }')).toEqual([
    'cert-eu: Advisory.scores: it returns Families.nodes of the group RansomwareFamily.content, but has the group Advisory.content',
  ]);
  expect(open(`type Advisory { scores: Score } ${score}`)).toEqual([]);
});

test('rejects an envelope that is not returned by a record', () => {
  expect(gapsOf('type Query { advisories(filter: Int): Envelope } type Envelope { version: Int }')).toEqual([
    'cert-eu: Query.advisories: only a record may return an envelope',
  ]);
});

const shared = (fields: string) =>
  `type Vulnerability @key(fields: "id") { id: ID!  name: String @external  advisories: Int @external  ${fields} }`;

test('rejects @requires of a field that its readers may not read, and accepts a public one', () => {
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "name")'), 'europol')).toEqual([]);
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "name advisories")'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @requires uses Vulnerability.advisories, which its readers may not read',
  ]);
  expect(gapsOf(shared('risk(of: Int): Int @requires(fields: "")'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @requires has no selection that can be checked',
  ]);
});

test('rejects @provides of a field that its readers may not read', () => {
  const sdl = `type Query { advisories(filter: Int): [Vulnerability!] @provides(fields: "families { nodes }") }
    type Families { nodes: Int }
    type Vulnerability @key(fields: "id") { id: ID!  families: Families @external }`;
  expect(gapsOf(sdl).filter((gap) => gap.includes('@provides'))).toEqual([
    'cert-eu: Query.advisories: @provides uses Vulnerability.families, which its readers may not read',
    'cert-eu: Query.advisories: @provides uses Families.nodes, which its readers may not read',
  ]);
});

const filled = (field: string) => `
  type Vulnerability @key(fields: "id") @context(name: "shared") {
    id: ID!  name: String @external  advisories: Int @external
    risk(of: Int @fromContext(field: "$shared ${field}")): Int
  }`;

test('rejects @fromContext of a field that its readers may not read', () => {
  expect(gapsOf(filled('{ name }'), 'europol')).toEqual([]);
  expect(gapsOf(filled('{ advisories }'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @fromContext uses Vulnerability.advisories, which its readers may not read',
  ]);
  expect(gapsOf(filled('... on Vulnerability { advisories }'), 'europol')).toHaveLength(1);
  expect(gapsOf(filled('{ name }').replace('$shared', '$other'), 'europol')).toEqual([
    'europol: Vulnerability.risk: @fromContext has no selection that can be checked',
  ]);
});

test('rejects @override, which bypasses the guard of another subgraph', () => {
  expect(gapsOf('type Vulnerability { families: Int @override(from: "hub") }', 'europol')).toEqual([
    'europol: Vulnerability.families: @override bypasses the guard of hub',
  ]);
});

const url = 'https://specs.apollo.dev/federation/v2.9';

function directives(head: string): readonly string[] {
  return gapsOf(`extend schema ${head}\ntype Score @shareable { value: Float }`);
}

test('rejects a directive that is renamed, not imported or from another specification', () => {
  expect(directives(`@link(url: "${url}", import: ["@shareable"])`)).toEqual([]);
  expect(
    directives(`@link(url: "${url}", import: [{ name: "@shareable", as: "@open" }, "@shareable"])`),
  ).toEqual(['cert-eu: @link: a directive must not be renamed, got @shareable as @open']);
  expect(directives(`@link(url: "${url}", as: "fed", import: ["@shareable"])`)).toEqual([
    'cert-eu: @link: the federation must not be renamed, got fed',
  ]);
  expect(directives(`@link(url: "https://example.org/policy/v1", import: ["@shareable"])`)).toEqual([
    'cert-eu: @link: expected the federation specification, got https://example.org/policy/v1',
  ]);
  expect(directives(`@link(url: "${url}", import: ["@key"])`)).toEqual([
    'cert-eu: @shareable: used, but not imported from the federation specification',
  ]);
  expect(directives('@tag(name: "x")')).toContain(
    'cert-eu: @link: the file has no @link to the federation specification',
  );
});

test('rejects directives that grant access or bypass the policy', () => {
  for (const name of [
    'authenticated',
    'requiresScopes',
    'policy',
    'composeDirective',
    'interfaceObject',
    'federation__key',
  ]) {
    expect(gapsOf(`type Score @${name} { value: Float }`)).toEqual([
      `cert-eu: @${name}: not an allowed directive`,
    ]);
  }
  expect(gapsOf('directive @open on OBJECT')).toEqual([
    'cert-eu: @open: a subgraph must not define a directive',
  ]);
});

test('rejects a renamed root type, whose fields would have no shield', () => {
  expect(gapsOf(`${link.replace('])', ']) { mutation: Score }')} type Score { value: Float }`)).toEqual([
    'cert-eu: Score: a root type must be called Query, Mutation or Subscription',
  ]);
});

test('rejects a coordinate that is named twice', () => {
  const twice = coordinates.replace('audience: [readers]', 'audience: [readers, title]');
  expect(() => policyOf(twice)).toThrow('coordinates.Advisory: title is named twice');
});
