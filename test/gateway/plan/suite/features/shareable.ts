import { createSupergraph } from '../supergraph.ts';

const devices = ['0', '1', '2'].map((id) => ({
  __typename: 'Device',
  id,
  name: `Device ${id}`,
  place: {
    __typename: 'Place',
    room: id === '1' ? '' : `Room ${id}`,
    floor: Number(id),
    wing: id === '2' ? null : 'east',
  },
  owner: id,
  serial: id === '0' ? null : `s-${id}`,
}));

/** Fields and value types that several subgraphs resolve, each with other fields. */
export const shareable = createSupergraph({
  name: 'shareable',
  world: () => ({ Device: devices }),
  resolvers: (world) => ({
    Query: {
      devices: () => world().Device,
      device: (_: unknown, { id }: { id: string }) => world().Device.find((device) => device.id === id),
      settings: () => ({ __typename: 'Settings', dark: false, size: 0, font: '' }),
      onlyHere: () => world().Device[1],
    },
  }),
  subgraphs: [
    {
      name: 'names',
      typeDefs: `
        type Query { devices: [Device!]! @shareable device(id: ID!): Device @shareable settings: Settings @shareable }
        type Settings @shareable { dark: Boolean size: Int }
        type Device @key(fields: "id") { id: ID! name: String @shareable place: Place @shareable }
        type Place @shareable { room: String floor: Int }`,
    },
    {
      name: 'places',
      typeDefs: `
        type Query { devices: [Device!]! @shareable settings: Settings @shareable onlyHere: Device }
        type Settings @shareable { dark: Boolean size: Int font: String }
        type Device @key(fields: "id") { id: ID! place: Place @shareable owner: String }
        type Place @shareable { room: String floor: Int wing: String }`,
    },
    {
      name: 'serials',
      typeDefs: `
        type Query { device(id: ID!): Device @shareable }
        type Device @key(fields: "id") { id: ID! name: String @shareable serial: String }`,
    },
  ],
  operations: [
    { name: 'fields of one subgraph', query: '{ devices { id name place { room } } }' },
    {
      name: 'value type with fields of one subgraph only',
      query: '{ devices { name place { room wing } } }',
    },
    { name: 'value type under aliases', query: '{ devices { place { room } where: place { floor wing } } }' },
    { name: 'shared root field', query: '{ device(id: "1") { name serial owner place { wing floor } } }' },
    { name: 'shared root field without entity', query: '{ device(id: "9") { serial owner } }' },
    { name: 'shared root object', query: '{ settings { dark font size } }' },
    {
      name: 'only one subgraph begins',
      query: '{ onlyHere { owner name serial place { floor } } devices { serial } }',
    },
  ],
});
