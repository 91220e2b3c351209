import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { defaultTlpCommunity, type Purpose } from '../../record/vocabulary.ts';
import type { Column, Access } from './cells.ts';
import type { RecordFacts, Relation } from '../language/domain.ts';
import { unset } from '../language/domain.ts';
import type { Policy } from '../decide/policy.ts';
import { placeOf } from './sides.ts';

/** A constructed reader and record of a cell. The rules decide on them as on every other member of the cell. */
export type Example = { readonly reader: Reader; readonly envelope: Envelope };

/** The time at which examples are decided. */
export const exampleTime = new Date('2030-01-01T12:00:00Z');
const later = new Date('2030-01-02T12:00:00Z');
const until = later.toISOString();

/**
 * Constructs the example of a cell. For a broken marking or a classified record, the envelope is invalid, as it would
 * be in reality.
 */
export function exampleOf({ reader: { traits }, relation }: Column, facts: RecordFacts): Example {
  const is = (name: Relation) => relation.holds.has(name);
  const purpose: Purpose = traits.purpose ?? 'incident-response';
  const reader: Reader = {
    ...traits,
    subject: 'a-person',
    communities: is('member of its community') ? [defaultTlpCommunity] : [],
    memberState: is('of its Member State') || is('of a Member State that was told') ? 'FR' : null,
    sharingGroups: [],
    onwardShares: is('client with an onward share') ? [{ id: 'S1', by: 'a-recipient', until }] : [],
    grants: grantsOf(relation.holds).map((id) => ({
      id,
      by: originatorOf(relation.holds, traits.organisation),
      until,
    })),
    agreements: is('party to an agreement for its purpose')
      ? [{ id: 'A1', until, tlpCeiling: 'RED', purposes: [purpose] }]
      : [],
    offices: [],
    picture: 'real',
  };
  return { reader, envelope: envelopeOf(reader, relation.holds, facts, purpose) };
}

/**
 * Tells whether rules decide on a record with these facts. An invalid envelope or another picture is refused before.
 */
export function isDecidedByRules(facts: RecordFacts): boolean {
  return facts['marking'] === 'valid' && facts['classification'] === 'none' && facts['picture'] === 'same';
}

/** Decides the example of a cell by the compiled policy. */
export function decideByKeys(policy: Policy, access: Access, column: Column, facts: RecordFacts): boolean {
  const place = placeOf(policy.source, access);
  if (place === null) return false;
  const { kind, group, action } = place;
  const { reader, envelope } = exampleOf(column, facts);
  if (isDecidedByRules(facts))
    return policy.may(policy.accessOf(reader, exampleTime), action, kind, group, envelope);
  const usable = new Set(policy.usable(reader, kind, group, action).map(({ text }) => text));
  return policy
    .compiled(kind, group)
    .admittedBy({ ...facts, kind })
    .some(({ text, relation }) => usable.has(text) && column.relation.holds.has(relation));
}

function grantsOf(holds: ReadonlySet<Relation>): readonly string[] {
  return [
    ...(holds.has('holder of a grant') ? ['G1'] : []),
    ...(holds.has('recipient of an emergency release') ? ['emergency.G1'] : []),
    ...(holds.has('recipient of a confirmed release') ? ['confirmed.G1'] : []),
  ];
}

function originatorOf(holds: ReadonlySet<Relation>, organisation: string): string {
  return holds.has('member of its originator') ? organisation : 'the-originator';
}

function envelopeOf(
  { organisation, subject }: Reader,
  holds: ReadonlySet<Relation>,
  facts: RecordFacts,
  purpose: Purpose,
): Envelope {
  const is = (name: Relation) => holds.has(name);
  const forPurpose = is('recipient for its purpose') || is('party to an agreement for its purpose');
  const isShared = is('client with an onward share');
  const envelope = {
    localId: 'a-record',
    version: 1,
    originator: originatorOf(holds, organisation),
    custodian: is('member of its custodian') ? organisation : 'the-custodian',
    receivedAt: new Date('2029-01-01T00:00:00Z'),
    marking: markingOf(facts),
    audience: {
      reach: facts['opens'],
      organisations: [...(is('recipient') ? [organisation] : []), ...(isShared ? ['a-recipient'] : [])],
      sharingGroups: [],
      persons: is('named person') ? [subject] : [],
      agreements: is('party to an agreement for its purpose') ? ['A1'] : [],
    },
    onwardShares: isShared ? [{ id: 'S1', by: 'a-recipient' }] : [],
    releases: grantsOf(holds),
    states: {
      own: is('of its Member State') ? ['FR'] : [],
      told: is('of a Member State that was told') ? ['FR'] : [],
    },
    facts: statedFacts(facts),
    purposes: forPurpose ? [purpose] : [],
    embargoUntil: facts['embargo'] === 'running' ? later : null,
    portions: [],
    exercise: facts['picture'] === 'other' ? 'exercise:other' : null,
    recordState: facts['state'],
  };
  return { ...nothingElse, ...envelope } as unknown as Envelope;
}

const nothingElse = {
  supersedes: null,
  provider: null,
  sourceUrl: null,
  grading: null,
  statementKind: null,
  confidence: null,
  personalData: null,
  occurredAt: null,
  observedAt: null,
  reportedAt: null,
  modifiedAt: null,
};

function markingOf(facts: RecordFacts): object | null {
  if (facts['marking'] === 'broken') return null;
  return {
    tlp: facts['tlp'],
    tlpCommunity: defaultTlpCommunity,
    pap: facts['pap'],
    classification: facts['classification'] === 'classified' ? 'RESTREINT UE/EU RESTRICTED' : 'none',
    distribution: facts['distribution'],
    handlingCodes: (facts['codes'] ?? '').split(',').filter((code) => code !== ''),
    h3Text: null,
    extraRestrictions: facts['restrictions'] === 'some' ? ['ask first'] : [],
    rawTlp: null,
  };
}

function statedFacts(facts: RecordFacts): Readonly<Record<string, string>> {
  const stated = Object.entries(facts).filter(([name, value]) => name.startsWith('fact:') && value !== unset);
  return Object.fromEntries(stated.map(([name, value]) => [name.slice('fact:'.length), value]));
}
