import { createSupergraph } from '../supergraph.ts';

const parcels = [
  {
    __typename: 'Parcel',
    id: '0',
    weight: 0,
    fragile: false,
    note: '',
    size: { __typename: 'Size', width: 0, height: 2, unit: { __typename: 'Unit', code: '' } },
    content: { __typename: 'Liquid', litres: 0, label: '' },
    tags: [],
    prices: { EUR: 0, USD: 1 },
  },
  {
    __typename: 'Parcel',
    id: '1',
    weight: 3,
    fragile: true,
    note: 'heavy',
    size: { __typename: 'Size', width: 5, height: 2, unit: { __typename: 'Unit', code: 'cm' } },
    content: { __typename: 'Solid', grams: 40, label: 'iron' },
    tags: [{ __typename: 'Tag', name: 'a' }, null, { __typename: 'Tag', name: '' }],
    prices: { EUR: 10, USD: 12 },
  },
  {
    __typename: 'Parcel',
    id: '2',
    weight: null,
    fragile: null,
    note: null,
    size: null,
    content: null,
    tags: null,
    prices: { EUR: 7, USD: 8 },
  },
] as const;

type Parcel = (typeof parcels)[number];

/** Returns the required value as text: `undefined` for a value that was not sent. */
const text = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

/** Computed fields with `@requires`: simple, nested, typed, with arguments, and chains over several subgraphs. */
export const requires = createSupergraph({
  name: 'requires',
  world: () => ({ Parcel: parcels }),
  resolvers: (world) => ({
    Query: {
      parcels: () => world().Parcel,
      parcel: (_: unknown, { id }: { id: string }) => world().Parcel.find((parcel) => parcel.id === id),
      sent: () => world().Parcel.slice(0, 2),
    },
    Parcel: {
      price: (parcel: Parcel, { currency }: { currency: 'EUR' | 'USD' }) => parcel.prices[currency],
      bySimple: ({ weight, fragile, note }: Parcel) => text([weight, fragile, note]),
      byNested: ({ size }: Parcel) => text([size?.width, size?.unit.code]),
      byType: ({ content }: Parcel) =>
        text([
          content?.label,
          content !== null && 'litres' in content ? content.litres : null,
          content !== null && 'grams' in content ? content.grams : null,
        ]),
      byList: ({ tags }: Parcel) => text(tags?.map((tag) => tag?.name ?? null)),
      byArgument: (parcel: Parcel & { readonly price?: number }) => text(parcel.price ?? parcel.prices?.EUR),
      factor: (_: Parcel, { by }: { by: number }) => by,
      cost: ({ weight }: Parcel) => (weight ?? 0) * 2,
      total: (parcel: Parcel & { readonly cost?: number }) => (parcel.cost ?? (parcel.weight ?? 0) * 2) + 1,
      report: (parcel: Parcel & { readonly total?: number }) =>
        `total ${parcel.total ?? (parcel.weight ?? 0) * 2 + 1}`,
    },
  }),
  subgraphs: [
    {
      name: 'goods',
      typeDefs: `
        type Query { parcels: [Parcel!]! parcel(id: ID!): Parcel }
        enum Currency { EUR USD }
        type Parcel @key(fields: "id") { id: ID! weight: Int fragile: Boolean note: String size: Size
          content: Content tags: [Tag] price(currency: Currency! = EUR): Int }
        type Size @shareable { width: Int height: Int unit: Unit! }
        type Unit @shareable { code: String! }
        type Tag @shareable { name: String }
        interface Content { label: String }
        type Liquid implements Content @shareable { label: String litres: Int }
        type Solid implements Content @shareable { label: String grams: Int }`,
    },
    {
      name: 'shipping',
      typeDefs: `
        type Query { sent: [Parcel] }
        enum Currency { EUR USD }
        type Parcel @key(fields: "id") { id: ID! weight: Int @external fragile: Boolean @external note: String @external
          size: Size @external content: Content @external tags: [Tag] @external
          price(currency: Currency! = EUR): Int @external
          bySimple: String @requires(fields: "weight fragile note")
          byNested: String @requires(fields: "size { width unit { code } }")
          byType: String @requires(fields: "content { label ... on Liquid { litres } ... on Solid { grams } }")
          byList: String @requires(fields: "tags { name }")
          byArgument: String @requires(fields: "price(currency: EUR)")
          factor(by: Int! = 1): Int
          cost: Int @requires(fields: "weight") }
        type Size @shareable { width: Int height: Int unit: Unit! }
        type Unit @shareable { code: String! }
        type Tag @shareable { name: String }
        interface Content { label: String }
        type Liquid implements Content @shareable { label: String litres: Int }
        type Solid implements Content @shareable { label: String grams: Int }`,
    },
    {
      name: 'billing',
      typeDefs: `
        type Parcel @key(fields: "id") { id: ID! cost: Int @external total: Int @requires(fields: "cost") }`,
    },
    {
      name: 'reports',
      typeDefs: `
        type Parcel @key(fields: "id") { id: ID! total: Int @external report: String @requires(fields: "total") }`,
    },
  ],
  operations: [
    { name: 'simple fields, falsy and null', query: '{ parcels { id bySimple } }' },
    { name: 'nested selection', query: '{ parcels { byNested } }' },
    { name: 'typed selection', query: '{ parcels { byType } }' },
    { name: 'list', query: '{ parcels { byList } }' },
    { name: 'argument', query: '{ parcels { byArgument } }' },
    {
      name: 'argument that the operation uses with another value',
      query: '{ parcels { price(currency: USD) byArgument dollars: price(currency: USD) price2: price } }',
    },
    { name: 'from the subgraph that computes', query: '{ sent { bySimple byNested factor(by: 0) } }' },
    {
      name: 'next to a computed field that is skipped',
      query: '{ parcels { factor bySimple @skip(if: true) } }',
    },
    {
      name: 'next to a computed field that is not included',
      query: 'query ($no: Boolean!) { parcels { factor(by: 2) bySimple @include(if: $no) id } }',
      variables: { no: false },
    },
    { name: 'chain of three subgraphs', query: '{ parcels { report } }' },
    { name: 'chain from the subgraph that computes', query: '{ sent { report total cost } }' },
    {
      name: 'required fields that are selected with aliases',
      query: '{ parcels { weight: note note: id fragile: bySimple } }',
    },
    {
      name: 'alias of a computed field equal to a required field',
      query: '{ parcels { weight: bySimple size: byNested } }',
    },
    {
      name: 'all computed fields in one operation',
      query:
        '{ parcel(id: "1") { bySimple byNested byType byList byArgument cost total report size { height } } }',
    },
    {
      name: 'required object with other fields selected',
      query:
        '{ parcels { size { height h: width } byNested content { __typename ... on Solid { label } } byType } }',
    },
  ],
});
