import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { defaultTlpCommunity, tlpScale } from '../../record/vocabulary.ts';
import type { Relation } from '../language/domain.ts';

/** A record's envelope with the marking and the audience that are looked at: its own, or those of a portion. */
export type Marked = Pick<
  Envelope,
  'originator' | 'custodian' | 'marking' | 'audience' | 'purposes' | 'onwardShares' | 'releases' | 'states'
>;

/**
 * Both sides of a relation as values that must meet. The words in front keep values of different relations apart; a
 * record gives few, since each is an index entry.
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
    record: ({ releases, originator }) => (releases ?? []).map((id) => `grant:${originator}:${id}`),
    reader: ({ grants }, now) =>
      grants.filter((grant) => isValid(grant, now)).map((grant) => `grant:${grant.by}:${grant.id}`),
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

/** The values of a relation on a record's side. */
export function recordSide(relation: Relation, record: Marked): readonly string[] {
  return [...new Set(sides[relation].record(record))];
}

/** The values of a relation on a reader's side, at this second: what has ended is none any more. */
export function readerSide(relation: Relation, reader: Reader, now: Date): readonly string[] {
  return [...new Set(sides[relation].reader(reader, now))];
}

/** How a record is asked for its side of a relation: for what asks many records. A value may come twice. */
export function recordSideOf(relation: Relation): (record: Marked) => readonly string[] {
  return sides[relation].record;
}

function upTo(ceiling: string): readonly string[] {
  return tlpScale.slice(0, tlpScale.findIndex((tlp) => tlp === ceiling) + 1);
}
