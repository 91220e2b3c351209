import {
  distributions,
  handlingCodes,
  papScale,
  reaches,
  recordStates,
  tlpScale,
} from '../../record/vocabulary.ts';

/** What can be done to a record or a part of the hub; each has a letter, which stands in keys. */
export const actions = {
  read: 'r',
  search: 's',
  aggregate: 'a',
  subscribe: 'u',
  export: 'x',
  create: 'c',
  change: 'h',
  'mark-up': 'p',
  'mark-down': 'd',
  release: 'l',
  administer: 'm',
} as const satisfies Record<string, string>;
export type Action = keyof typeof actions;
export const allActions = Object.keys(actions) as readonly Action[];

/** What a list, a join or a lookup asks a store for: only these stand in labels. The others are decided one by one. */
export const rowActions: readonly Action[] = ['read', 'search', 'aggregate', 'subscribe', 'export'];

/** Every set of handling codes, each written with commas between: a value of the dimension `codes`. */
const codeSets = Array.from({ length: 2 ** handlingCodes.length }, (_, bits) =>
  handlingCodes.filter((_code, at) => (bits >> at) & 1).join(','),
);

/**
 * What a rule can ask of a record, as a finite domain: dimension by dimension, the values that it can have. `opens` is
 * how far colour and audience open it together: the stricter of both. Facts of the policy's own file come to these.
 */
export const recordDimensions = {
  /** Whether record and reader are in one picture: the real one, or one exercise. It stands in front of every key. */
  picture: ['same', 'other'],
  marking: ['valid', 'broken'],
  classification: ['none', 'classified'],
  tlp: tlpScale,
  opens: reaches,
  pap: papScale,
  distribution: distributions,
  codes: codeSets,
  restrictions: ['none', 'some'],
  embargo: ['over', 'running'],
  state: recordStates,
} as const satisfies Record<string, readonly string[]>;

/** A record as the rules see it: one value in each dimension, and in each fact that the policy declares. */
export type RecordFacts = Readonly<Record<string, string>> & { readonly kind: string };

/** What the value of a fact is where the record states none. */
export const unset = 'unset';

/**
 * How a reader can stand to a record. Each is a set of values on both sides that must meet: the organisations that a
 * record names and the one that the reader belongs to. `anyone` is the relation that everybody is in.
 */
export const relations = [
  'anyone',
  'member of its community',
  'member of its originator',
  'member of its custodian',
  'recipient',
  'recipient for its purpose',
  'named person',
  'client with an onward share',
  'holder of a grant',
  'party to an agreement for its purpose',
  'of its Member State',
  'of a Member State that was told',
] as const;
export type Relation = (typeof relations)[number];
