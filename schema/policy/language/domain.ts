import {
  distributions,
  handlingCodes,
  papScale,
  reaches,
  recordStates,
  tlpScale,
} from '../../record/vocabulary.ts';

/** The actions on a record or on a part of the hub, each with the letter that stands for it in access keys. */
export const actions = {
  read: 'r',
  search: 's',
  aggregate: 'a',
  subscribe: 'u',
  export: 'x',
  create: 'c',
  change: 'h',
  move: 'v',
  'mark-up': 'p',
  'mark-down': 'd',
  release: 'l',
  administer: 'm',
} as const satisfies Record<string, string>;
/** The name of an action. */
export type Action = keyof typeof actions;
/** The names of all actions, in the order in which access keys list them. */
export const allActions = Object.keys(actions) as readonly Action[];

/**
 * The actions that access keys are stored for, because lists, joins and lookups filter by them. Each other action is
 * decided per record, from its envelope: no query filters by the right to subscribe, so it takes no index entries.
 */
export const rowActions: readonly Action[] = ['read', 'search', 'aggregate', 'export'];

/** Every set of handling codes, joined by commas. Each set is one value of the dimension `codes`. */
const codeSets = Array.from({ length: 2 ** handlingCodes.length }, (_, bits) =>
  handlingCodes.filter((_code, at) => (bits >> at) & 1).join(','),
);

/**
 * The properties of a record that a rule can test, each with its finite set of values. `opens` is the stricter of the
 * TLP colour and the reach of the audience. The facts that `domain.yaml` declares are added to these.
 */
export const recordDimensions = {
  /** Whether record and reader are in the same picture: the real data, or one exercise. Part of every access key. */
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

/** A record as the rules see it: one value for each dimension and for each fact that the policy declares. */
export type RecordFacts = Readonly<Record<string, string>> & { readonly kind: string };

/** The value of a declared fact that a record does not state. */
export const unset = 'unset';

/**
 * The relations between a reader and a record. A relation yields a set of values for each of them, such as the
 * organisations that a record names and the reader's organisation. It holds if the sets share a value. `anyone` always
 * holds.
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
  'recipient of an emergency release',
  'recipient of a confirmed release',
  'party to an agreement for its purpose',
  'of its Member State',
  'of a Member State that was told',
] as const;
/** The name of a relation. */
export type Relation = (typeof relations)[number];
