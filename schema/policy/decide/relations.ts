import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { type GrantClass, grantClassOf } from '../../record/release.ts';
import { defaultTlpCommunity, tlpScale } from '../../record/vocabulary.ts';
import type { Relation } from '../language/domain.ts';

/** The part of an envelope that relations depend on. A portion's own marking and audience replace the record's. */
export type Marked = Pick<
  Envelope,
  'originator' | 'custodian' | 'marking' | 'audience' | 'purposes' | 'onwardShares' | 'releases' | 'states'
>;

/**
 * A relation as two functions. It holds if record and reader have a value in common. A prefix keeps the values of
 * different relations apart. Keep the values of a record few: each is an index entry.
 */
type Sides = {
  readonly record: (record: Marked) => readonly string[];
  readonly reader: (reader: Reader, now: Date) => readonly string[];
};

const organisations = (reader: Reader) => [
  `org:${reader.organisation}`,
  ...reader.sharingGroups.map((group) => `group:${group}`),
];
const named = ({ audience }: Marked) => [
  ...audience.organisations.map((organisation) => `org:${organisation}`),
  ...audience.sharingGroups.map((group) => `group:${group}`),
];
const isValid = (held: { readonly until: string }, now: Date) => Date.parse(held.until) > now.getTime();

const sides: Readonly<Record<Relation, Sides>> = {
  anyone: { record: () => ['anyone'], reader: () => ['anyone'] },
  'member of its community': {
    record: ({ marking }) => [`community:${marking.tlpCommunity || defaultTlpCommunity}`],
    reader: (reader) => reader.communities.map((community) => `community:${community}`),
  },
  'member of its originator': {
    record: ({ originator }) => [`origin:${originator}`],
    reader: ({ organisation }) => [`origin:${organisation}`],
  },
  'member of its custodian': {
    record: ({ custodian }) => [`custodian:${custodian}`],
    reader: ({ organisation }) => [`custodian:${organisation}`],
  },
  recipient: { record: named, reader: organisations },
  'recipient for its purpose': {
    record: (record) =>
      named(record).flatMap((key) => record.purposes.map((purpose) => `${key}+for:${purpose}`)),
    reader: (reader) =>
      reader.purpose === null ? [] : organisations(reader).map((key) => `${key}+for:${reader.purpose}`),
  },
  'named person': {
    record: ({ audience }) => audience.persons.map((person) => `named:${person}`),
    reader: ({ subject }) => [`named:${subject}`],
  },
  'client with an onward share': {
    record: ({ onwardShares, audience }) =>
      onwardShares
        .filter((share) => audience.organisations.includes(share.by))
        .map((share) => `share:${share.by}:${share.id}`),
    reader: ({ onwardShares }, now) =>
      onwardShares.filter((share) => isValid(share, now)).map((share) => `share:${share.by}:${share.id}`),
  },
  'holder of a grant': {
    record: (record) => releasesOf(record, 'standing'),
    reader: (reader, now) => grantsOf(reader, now, 'standing'),
  },
  'recipient of an emergency release': {
    record: (record) => releasesOf(record, 'emergency'),
    reader: (reader, now) => grantsOf(reader, now, 'emergency'),
  },
  'recipient of a confirmed release': {
    record: (record) => releasesOf(record, 'confirmed'),
    reader: (reader, now) => grantsOf(reader, now, 'confirmed'),
  },
  'party to an agreement for its purpose': {
    record: ({ audience, marking, purposes }) =>
      audience.agreements.flatMap((id) =>
        purposes.map((purpose) => `agreement:${id}:${marking.tlp}+for:${purpose}`),
      ),
    reader: ({ agreements, purpose }, now) =>
      agreements
        .filter((held) => isValid(held, now) && purpose !== null && held.purposes.includes(purpose))
        .flatMap((held) => upTo(held.tlpCeiling).map((tlp) => `agreement:${held.id}:${tlp}+for:${purpose}`)),
  },
  'of its Member State': {
    record: ({ states }) => (states?.own ?? []).map((state) => `state:${state}`),
    reader: ({ memberState }) => (memberState === null ? [] : [`state:${memberState}`]),
  },
  'of a Member State that was told': {
    record: ({ states }) => (states?.told ?? []).map((state) => `told:${state}`),
    reader: ({ memberState }) => (memberState === null ? [] : [`told:${memberState}`]),
  },
};

function releasesOf({ releases, originator }: Marked, of: GrantClass): readonly string[] {
  const ids = (releases ?? []).filter((id) => grantClassOf(id) === of);
  return ids.map((id) => `grant:${originator}:${id}`);
}

function grantsOf({ grants }: Reader, now: Date, of: GrantClass): readonly string[] {
  const held = grants.filter((grant) => isValid(grant, now) && grantClassOf(grant.id) === of);
  return held.map(({ by, id }) => `grant:${by}:${id}`);
}

/** Returns the values of a relation for a record. */
export function recordSide(relation: Relation, record: Marked): readonly string[] {
  return [...new Set(sides[relation].record(record))];
}

/** Returns the values of a relation for a reader at `now`. Expired shares, grants and agreements give no value. */
export function readerSide(relation: Relation, reader: Reader, now: Date): readonly string[] {
  return [...new Set(sides[relation].reader(reader, now))];
}

/** Returns the function for a record's values of a relation, for use on many records. It may return duplicates. */
export function recordSideOf(relation: Relation): (record: Marked) => readonly string[] {
  return sides[relation].record;
}

function upTo(ceiling: string): readonly string[] {
  return tlpScale.slice(0, tlpScale.findIndex((tlp) => tlp === ceiling) + 1);
}
