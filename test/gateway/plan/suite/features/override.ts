import { createSupergraph } from '../supergraph.ts';

const accounts = [
  { __typename: 'Account', id: '1', name: 'new Ada', balance: 0, tier: 'gold', score: 1, zone: null },
  { __typename: 'Account', id: '2', name: '', balance: 5, tier: '', score: 0, zone: 'eu' },
] as const;

/** Fields that moved to another subgraph. The previous subgraph answers other values, except for fields that move progressively. */
export const override = createSupergraph({
  name: 'override',
  world: () => ({ Account: accounts }),
  resolvers: (world) => ({ Query: { accounts: () => world().Account, ledger: () => world().Account } }),
  subgraphs: [
    {
      name: 'previous',
      resolvers: () => ({ Account: { name: () => 'old name', balance: () => -1 } }),
      typeDefs: `
        type Query { accounts: [Account!]! }
        type Account @key(fields: "id") { id: ID! name: String balance: Int tier: String score: Int zone: String }`,
    },
    {
      name: 'current',
      typeDefs: `
        type Query { ledger: [Account] }
        type Account @key(fields: "id") { id: ID! name: String @override(from: "previous")
          balance: Int @override(from: "previous")
          tier: String @override(from: "previous", label: "percent(50)")
          score: Int @override(from: "previous", label: "new-score") }`,
    },
    {
      name: 'audit',
      typeDefs: `
        type Account @key(fields: "id") { id: ID! name: String @external size: Int @requires(fields: "name") }`,
      resolvers: () => ({ Account: { size: ({ name }: { name: string }) => name.length } }),
    },
  ],
  merged: () => ({ Account: { size: ({ name }: { name: string }) => name.length } }),
  operations: [
    { name: 'from the previous subgraph', query: '{ accounts { id name balance } }' },
    { name: 'from the current subgraph', query: '{ ledger { name zone balance } }' },
    { name: 'progressive labels', query: '{ accounts { tier score } ledger { score tier zone } }' },
    { name: 'required by a third subgraph', query: '{ accounts { size } ledger { size } }' },
    {
      name: 'with aliases',
      query: '{ accounts { zone: name name: zone } ledger { balance: zone zone: balance } }',
    },
  ],
});
