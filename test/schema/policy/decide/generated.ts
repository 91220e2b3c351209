import fc from 'fast-check';
import { isEnvelope } from '../../../../schema/record/check-envelope.ts';
import type { Audience, Envelope, Marking } from '../../../../schema/record/envelope.ts';
import type { Action } from '../../../../schema/policy/language/domain.ts';
import { relations } from '../../../../schema/policy/language/domain.ts';
import { factsOf } from '../../../../schema/policy/decide/facts.ts';
import { judge } from '../../../../schema/policy/explain/judge.ts';
import { readerSide, recordSide } from '../../../../schema/policy/decide/relations.ts';
import { isOfClass, type PolicySource } from '../../../../schema/policy/language/rules.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import {
  distributions,
  handlingCodes,
  papScale,
  reaches,
  recordStates,
  tlpScale,
} from '../../../../schema/record/vocabulary.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

/** The time at which generated readers and records are decided. */
export const now = new Date('2026-11-24T12:00:00Z');

/** The kinds of generated records: one with rules by marking only, and each kind with specific rules. */
export const kinds = [
  'Advisory',
  'Sighting',
  'NotificationFile',
  'UnionIncident',
  'Contribution',
  'AttributionStatement',
  'JointCaseRecord',
  'DeconflictionHold',
] as const;

const organisations = ['cert-eu', 'csirt-fr', 'csirt-pl', 'eset'];
const organisation = fc.constantFrom(...organisations);
const purpose = fc.constantFrom('incident-response' as const, 'crime-prevention' as const);
const instant = fc.constantFrom(
  null,
  null,
  new Date('2026-11-24T11:59:59.999Z'),
  now,
  new Date('2026-11-24T12:00:00.001Z'),
);
const picture = fc.constantFrom(null, null, 'exercise:one');
const usually = <Value>(usual: Value, others: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

const marking: fc.Arbitrary<Marking> = fc
  .record({
    tlp: fc.constantFrom(...tlpScale),
    pap: fc.constantFrom(...papScale),
    tlpCommunity: fc.constantFrom('cyber-defence', 'law-enforcement'),
    distribution: usually('NONE' as const, fc.constantFrom(...distributions)),
    handlingCodes: usually([], fc.subarray([...handlingCodes])),
    extraRestrictions: usually<readonly string[]>([], fc.constant(['ask'])),
  })
  .map((changes) => markingOf(changes));

const audience: fc.Arbitrary<Audience> = fc
  .record({
    reach: fc.constantFrom(...reaches),
    organisations: fc.subarray(organisations),
    sharingGroups: fc.subarray(['g1']),
    persons: fc.subarray(['u-1', 'u-2']),
    agreements: fc.subarray(['A1', 'A2']),
  })
  .map((changes) => audienceOf(changes));

const facts = fc.record(
  {
    identity: fc.constantFrom('withheld', 'entity-consents'),
    'reach-of-incident': fc.constantFrom('national', 'cross-border-significant'),
    personal: fc.constantFrom('none', 'counts'),
    'released-by': fc.constantFrom('europol', 'provider'),
  },
  { requiredKeys: [] },
);

/** Generates envelopes with all markings, audiences, relations and facts. */
export const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    originator: organisation,
    custodian: organisation,
    marking,
    audience,
    onwardShares: fc.subarray([
      { id: 'S1', by: 'csirt-fr' },
      { id: 'S2', by: 'csirt-pl' },
    ]),
    releases: fc.subarray(['G1', 'G2']),
    states: fc.record({ own: fc.subarray(['FR']), told: fc.subarray(['PL', 'FR']) }),
    facts,
    purposes: fc.uniqueArray(purpose),
    embargoUntil: instant,
    exercise: picture,
    recordState: usually('ACTIVE' as const, fc.constantFrom(...recordStates)),
    portions: fc.array(
      fc.record({
        path: fc.constantFrom('title', 'summary'),
        marking,
        audience,
        releases: fc.subarray(['G1', 'G2']),
      }),
      { maxLength: 2 },
    ),
  })
  .map((changes) => envelopeOf(changes));

/** Generates invalid envelopes: one member is null or has a wrong type. */
export const broken: fc.Arbitrary<unknown> = fc
  .tuple(
    envelope,
    fc.constantFrom(
      'marking',
      'audience',
      'originator',
      'purposes',
      'recordState',
      'exercise',
      'portions',
      'embargoUntil',
      'facts',
      'states',
      'releases',
      'version',
    ),
    fc.constantFrom(null, 'CLEAR', 7.5, [7], { own: 7 }, [[]]),
  )
  .map(([whole, part, value]) => ({ ...whole, [part]: value }));

const roles = [
  'community-operator',
  'policy-auditor',
  'csirt-analyst',
  'europol-analyst',
  'police-officer',
  'single-point-of-contact',
  'enisa-analyst',
  'private-user',
  'eeas-desk',
  'duty-officer',
];

/** Generates readers with all relations, roles and kinds of client. */
export const reader: fc.Arbitrary<Reader> = fc
  .record({
    subject: fc.constantFrom('u-1', 'u-2', 'u-3'),
    organisation,
    communities: fc.subarray(['cyber-defence', 'law-enforcement']),
    memberState: fc.constantFrom(null, 'FR', 'PL'),
    roles: fc.subarray(roles, { maxLength: 3 }),
    sharingGroups: fc.subarray(['g1']),
    onwardShares: fc.subarray([
      { id: 'S1', by: 'csirt-fr', until: '2026-11-24T12:00:01.000Z' },
      { id: 'S2', by: 'csirt-pl', until: '2026-11-24T12:00:00.000Z' },
    ]),
    grants: fc.subarray([
      { id: 'G1', by: 'cert-eu', until: '2026-11-24T12:00:01.000Z' },
      { id: 'G2', by: 'eset', until: '2026-11-24T12:00:00.000Z' },
    ]),
    agreements: fc.subarray([
      { id: 'A1', until: '2026-11-24T12:00:01.000Z', tlpCeiling: 'AMBER', purposes: ['incident-response'] },
      { id: 'A2', until: '2026-11-24T12:00:01.000Z', tlpCeiling: 'CLEAR', purposes: ['crime-prevention'] },
    ] as const),
    offices: fc.subarray([
      { office: 'editor', until: '2026-11-24T12:00:01.000Z' },
      { office: 'signatory', until: '2026-11-24T12:00:00.000Z' },
    ]),
    client: fc.constantFrom('person' as const, 'machine' as const),
    purpose: fc.option(purpose),
    picture: fc.constantFrom('real', 'real', 'exercise:one'),
    onScreen: fc.boolean(),
  })
  .map((changes) => readerOf(changes));

/** Tells whether a generated row is a valid envelope. */
export function isValid(row: unknown): row is Envelope {
  return isEnvelope(row);
}

/** Decides by the rules as they are written, without the compiler: the expected value for compiled decisions. */
export function allowedByRules(
  source: PolicySource,
  one: Reader,
  kind: string,
  row: Envelope,
  group: string,
  action: Action = 'read',
): boolean {
  const embargo = row.embargoUntil !== null && row.embargoUntil > now ? 'running' : 'over';
  const seen = factsOf(row, kind, embargo, source.domain.facts);
  if (seen === null) return false;
  const meets = relations.filter((relation) => {
    const held = new Set(readerSide(relation, one, now));
    return recordSide(relation, row).some((value) => held.has(value));
  });
  const classes = [...source.classes.values()].filter((each) => isOfClass(one, each)).map(({ name }) => name);
  const samePicture = (row.exercise ?? 'real') === one.picture;
  return judge(source, {
    classes: new Set(classes),
    relations: new Set(meets),
    facts: { ...seen, picture: samePicture ? 'same' : 'other' },
    group,
    action,
  }).allowed;
}
