import { expect, test } from '@jest/globals';
import type { Envelope, Marking } from '../../../schema/record/envelope.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { policy, reads as readsAt } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

/** The baseline's rules on other actions than reading, on the hub, and on records that are still to come. */

const now = new Date('2026-11-24T12:00:00Z');
const later = new Date('2026-11-24T13:00:00Z');
const client = readerOf({ organisation: 'nordsee-energy', communities: [] });
const red = envelopeOf({ marking: markingOf({ tlp: 'RED' }), audience: audienceOf({ persons: ['u-1'] }) });

function reads(reader: Reader, envelope: unknown): boolean {
  return readsAt(reader, envelope, now);
}

const mayDo = (
  reader: Reader,
  action: Action,
  kind: string,
  envelope: Envelope,
  group = 'content',
): boolean => policy.may(policy.accessOf(reader, now), action, kind, group, envelope);

const own = readerOf({ organisation: 'cert-eu' });
const police = readerOf({
  organisation: 'police-de',
  communities: ['cyber-defence', 'law-enforcement'],
  memberState: 'DE',
  roles: ['police-officer'],
  purpose: 'crime-prevention',
});
const toPolice = (changes: Partial<Marking> = {}, more: Partial<Envelope> = {}) =>
  envelopeOf({
    originator: 'police-fr',
    custodian: 'europol',
    marking: markingOf({ tlp: 'AMBER', handlingCodes: ['H0'], ...changes }),
    audience: audienceOf({ organisations: ['police-de', 'csirt-fr'] }),
    ...more,
  });
const grant = { id: 'G1', by: 'police-fr', until: later.toISOString() };

test('J01 what is ERASED is nobody’s, for any action', () => {
  const erased = envelopeOf({ recordState: 'ERASED' });
  for (const action of ['read', 'search', 'export'] as const) {
    expect(mayDo(own, action, 'Advisory', erased)).toBe(false);
    expect(mayDo(own, action, 'Advisory', envelopeOf())).toBe(true);
  }
});

test('J07 RED is in no search, figure, feed or file, not even for the named person', () => {
  const person = readerOf({ onScreen: true });
  expect(mayDo(person, 'read', 'Advisory', red)).toBe(true);
  for (const action of ['search', 'aggregate', 'subscribe', 'export'] as const)
    expect(mayDo(person, action, 'Advisory', red)).toBe(false);
});

test('J08 the originator marks its own records up, and nobody else’s', () => {
  expect(mayDo(own, 'mark-up', 'Advisory', envelopeOf())).toBe(true);
  expect(mayDo(readerOf(), 'mark-up', 'Advisory', envelopeOf())).toBe(false);
});

test('J09 the originator marks down and releases; the custodian never does', () => {
  const kept = envelopeOf({ originator: 'eset', custodian: 'cert-eu' });
  const custodian = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });
  for (const action of ['mark-down', 'release'] as const) {
    expect(mayDo(readerOf({ organisation: 'eset' }), action, 'Advisory', kept)).toBe(true);
    expect(mayDo(custodian, action, 'Advisory', kept)).toBe(false);
  }
});

test('J10 what is classified is for nobody, whoever is cleared for it', () => {
  const classified = envelopeOf({ marking: markingOf({ classification: 'RESTREINT UE/EU RESTRICTED' }) });
  expect(reads(own, classified)).toBe(false);
  expect(reads(own, envelopeOf())).toBe(true);
});

test('J11 police read contributions with H0 only, for a purpose of crime', () => {
  expect(mayDo(police, 'read', 'Contribution', toPolice())).toBe(true);
  expect(mayDo({ ...police, purpose: 'incident-response' }, 'read', 'Contribution', toPolice())).toBe(false);
  expect(mayDo(readerOf(), 'read', 'Contribution', toPolice())).toBe(false);
  expect(mayDo(police, 'read', 'Contribution', toPolice({ extraRestrictions: ['no transfer'] }))).toBe(false);
});

test('J12 H1 is read by its addressees, and used in court with the provider’s permission only', () => {
  const limited = toPolice({ handlingCodes: ['H1'] }, { releases: ['G1'] });
  expect(mayDo(police, 'read', 'Contribution', limited)).toBe(true);
  expect(mayDo(police, 'export', 'Contribution', limited, 'evidence')).toBe(false);
  expect(mayDo({ ...police, grants: [grant] }, 'export', 'Contribution', limited, 'evidence')).toBe(true);
});

test('J13 H2 is read beyond its addressees with the provider’s permission for each, while that lasts', () => {
  const limited = toPolice({ handlingCodes: ['H2'] }, { releases: ['G1'] });
  expect(mayDo(police, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo({ ...police, grants: [grant] }, 'read', 'Contribution', limited)).toBe(true);
  const ended = { ...grant, until: now.toISOString() };
  expect(mayDo({ ...police, grants: [ended] }, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo({ ...police, grants: [{ ...grant, by: 'eset' }] }, 'read', 'Contribution', limited)).toBe(
    false,
  );
});

test('J14 H3 is nobody’s until its words are a rule', () => {
  const limited = toPolice({ handlingCodes: ['H0', 'H3'] }, { releases: ['G1'] });
  expect(mayDo({ ...police, grants: [grant] }, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo(readerOf({ organisation: 'police-fr' }), 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo(readerOf({ organisation: 'police-fr' }), 'read', 'Contribution', toPolice())).toBe(true);
});

const released = (facts: Record<string, string>) => toPolice({}, { releases: ['G1'], facts });

test('J15 technical partners read what Europol released to them, if it is without persons', () => {
  const partner = readerOf({ roles: ['csirt-analyst'], grants: [grant] });
  const technical = { personal: 'none', 'released-by': 'europol' };
  expect(mayDo(partner, 'read', 'Contribution', released(technical))).toBe(true);
  expect(mayDo(partner, 'read', 'Contribution', released({ ...technical, personal: 'counts' }))).toBe(false);
  expect(mayDo({ ...partner, grants: [] }, 'read', 'Contribution', released(technical))).toBe(false);
});

test('J16 persons are nobody’s: no reader of any kind has a way to them', () => {
  for (const action of ['read', 'search', 'aggregate', 'subscribe', 'export'] as const)
    expect(policy.compiled('Contribution', 'persons').variants.some((one) => one.actions.has(action))).toBe(
      false,
    );
  expect(mayDo(police, 'read', 'Contribution', toPolice())).toBe(true);
});

const file = (changes: Partial<Envelope> = {}) =>
  envelopeOf({
    originator: 'authority-fr',
    custodian: 'enisa',
    marking: markingOf({ tlp: 'AMBER' }),
    states: { own: ['FR'], told: ['PL'] },
    facts: { 'reach-of-incident': 'cross-border-significant' },
    ...changes,
  });

test('J17 a Member State’s authorities read and change its own NIS2 files, with the name', () => {
  const csirt = readerOf({ roles: ['csirt-analyst'] });
  for (const group of ['content', 'entity-name']) {
    expect(mayDo(csirt, 'change', 'NotificationFile', file(), group)).toBe(true);
    expect(mayDo({ ...csirt, memberState: 'PL' }, 'change', 'NotificationFile', file(), group)).toBe(false);
    expect(mayDo({ ...csirt, roles: [] }, 'read', 'NotificationFile', file(), group)).toBe(false);
  }
});

test('J18 other states and ENISA read a cross-border significant incident without the entity’s name', () => {
  const told = readerOf({
    organisation: 'authority-pl',
    memberState: 'PL',
    roles: ['single-point-of-contact'],
  });
  const enisa = readerOf({ organisation: 'enisa', memberState: null, roles: ['enisa-analyst'] });
  for (const reader of [told, enisa]) {
    expect(mayDo(reader, 'read', 'NotificationFile', file())).toBe(true);
    expect(mayDo(reader, 'read', 'NotificationFile', file(), 'entity-name')).toBe(false);
    const national = file({ facts: { 'reach-of-incident': 'national' } });
    expect(mayDo(reader, 'read', 'NotificationFile', national)).toBe(false);
  }
  expect(mayDo({ ...told, memberState: 'AT' }, 'read', 'NotificationFile', file())).toBe(false);
});

test('J19 figures are for the networks’ readers, as figures only', () => {
  const enisa = readerOf({ organisation: 'enisa', memberState: null, roles: ['enisa-analyst'] });
  const national = file({ facts: { 'reach-of-incident': 'national' } });
  expect(mayDo(enisa, 'aggregate', 'NotificationFile', national, 'figures')).toBe(true);
  expect(mayDo(enisa, 'read', 'NotificationFile', national, 'figures')).toBe(false);
  expect(mayDo(client, 'aggregate', 'NotificationFile', national, 'figures')).toBe(false);
});

const incident = (identity: string) =>
  envelopeOf({ marking: markingOf({ tlp: 'AMBER' }), facts: { identity } });

test('J20 CSIRTs read CERT-EU’s incidents, and the entity’s name by its consent or a recorded decision', () => {
  const csirt = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('withheld'))).toBe(true);
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('withheld'), 'entity-name')).toBe(false);
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('entity-consents'), 'entity-name')).toBe(true);
  expect(mayDo(police, 'read', 'UnionIncident', incident('withheld'))).toBe(false);
});

const listed = (tlp: Marking['tlp']) =>
  envelopeOf({ marking: markingOf({ tlp }), audience: audienceOf({ agreements: ['A-7'] }) });

test('J21 a private partner reads what its agreement lists, up to its ceiling, while it is in force', () => {
  const agreement = {
    id: 'A-7',
    until: later.toISOString(),
    tlpCeiling: 'AMBER' as const,
    purposes: ['incident-response' as const],
  };
  const partner = { ...client, roles: ['private-user'], agreements: [agreement] };
  expect(reads(partner, listed('AMBER'))).toBe(true);
  expect(reads({ ...partner, agreements: [{ ...agreement, tlpCeiling: 'GREEN' }] }, listed('AMBER'))).toBe(
    false,
  );
  expect(
    reads({ ...partner, agreements: [{ ...agreement, until: now.toISOString() }] }, listed('AMBER')),
  ).toBe(false);
  expect(reads({ ...partner, purpose: null }, listed('AMBER'))).toBe(false);
  expect(reads(partner, listed('AMBER_STRICT'))).toBe(false);
});

test('J22 members of a network read its products, and change their own state’s assessment only', () => {
  const member = readerOf({ roles: ['cyclone-officer'], sharingGroups: ['eu-cyclone'] });
  const product = envelopeOf({
    originator: 'jcu-office',
    custodian: 'jcu-office',
    marking: markingOf({ tlp: 'AMBER', distribution: 'LIMITE' }),
    audience: audienceOf({ sharingGroups: ['eu-cyclone'] }),
    states: { own: ['FR'], told: [] },
  });
  expect(mayDo(member, 'read', 'JointCaseRecord', product)).toBe(true);
  expect(mayDo({ ...member, sharingGroups: [] }, 'read', 'JointCaseRecord', product)).toBe(false);
  expect(mayDo(member, 'change', 'JointCaseRecord', product, 'state-assessment')).toBe(true);
  const other = { ...member, memberState: 'PL' };
  expect(mayDo(other, 'change', 'JointCaseRecord', product, 'state-assessment')).toBe(false);
});

const request = (level: string) => envelopeOf({ facts: { level } });

test('J23 the Reserve is asked for by those who may, in a significant incident or worse', () => {
  const officer = readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] });
  expect(mayDo(officer, 'create', 'Mobilisation', request('significant'), 'content')).toBe(true);
  expect(mayDo(officer, 'create', 'Mobilisation', request('incident'))).toBe(false);
  expect(mayDo({ ...officer, organisation: 'csirt-pl' }, 'create', 'Mobilisation', request('major'))).toBe(
    false,
  );
});

test('J24 named desks read a draft before it is published', () => {
  const desk = readerOf({ organisation: 'eeas', memberState: null, roles: ['eeas-desk'] });
  const draft = envelopeOf({
    originator: 'council',
    custodian: 'council',
    recordState: 'DRAFT',
    marking: markingOf({ tlp: 'AMBER', distribution: 'LIMITE' }),
    audience: audienceOf({ organisations: ['eeas'] }),
  });
  expect(mayDo(desk, 'read', 'AttributionStatement', draft)).toBe(true);
  expect(mayDo({ ...desk, roles: [] }, 'read', 'AttributionStatement', draft)).toBe(false);
  expect(mayDo({ ...desk, organisation: 'enisa' }, 'read', 'AttributionStatement', draft)).toBe(false);
});

const feed = (pap: Marking['pap'], tlp: Marking['tlp'] = 'AMBER') =>
  envelopeOf({ marking: markingOf({ tlp, pap }), audience: audienceOf({ organisations: ['csirt-fr'] }) });

test('J25 a machine is fed with what PAP leaves to detection, and never with RED', () => {
  const machine = readerOf({ client: 'machine', roles: ['connector'] });
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('GREEN'))).toBe(true);
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('AMBER'))).toBe(false);
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('GREEN', 'RED'))).toBe(false);
  expect(mayDo(machine, 'export', 'Sighting', feed('RED', 'CLEAR'))).toBe(false);
  expect(mayDo(readerOf(), 'export', 'Advisory', envelopeOf({ marking: markingOf({ pap: 'RED' }) }))).toBe(
    true,
  );
});

test('J26 police and CSIRT ask for a hold and lift it; others do not', () => {
  const hold = envelopeOf({
    originator: 'europol',
    marking: markingOf({ tlp: 'AMBER_STRICT' }),
    audience: audienceOf({ organisations: ['csirt-fr'] }),
  });
  expect(mayDo(readerOf({ roles: ['csirt-analyst'] }), 'change', 'DeconflictionHold', hold)).toBe(true);
  expect(mayDo(readerOf({ roles: ['private-user'] }), 'change', 'DeconflictionHold', hold)).toBe(false);
});

test('J27 only the originator’s officer on duty, on screen, releases in an emergency', () => {
  const variants = policy.compiled('Contribution', 'content').variants;
  expect(variants.some((one) => one.classes.includes('duty-officers') && one.actions.has('release'))).toBe(
    true,
  );
  const officer = readerOf({ organisation: 'jcu-office', roles: ['duty-officer'], onScreen: true });
  const record = envelopeOf({ originator: 'jcu-office' });
  expect(mayDo(officer, 'release', 'JointCaseRecord', record)).toBe(true);
  expect(mayDo({ ...officer, organisation: 'csirt-pl' }, 'release', 'JointCaseRecord', record)).toBe(false);
});

test.each([
  ['J28', 'own-reads', ['community-operator'], ['csirt-analyst']],
  ['J29', 'policy', ['policy-auditor'], ['hub-administrator']],
  ['J29', 'decisions', ['policy-auditor'], ['community-operator']],
  ['J30', 'log-metadata', ['edps'], ['enisa-analyst']],
])('%s the hub’s %s is for its kind of reader only', (_rule, group, those, others) => {
  expect(policy.mayEver(readerOf({ roles: those }), 'Hub', group)).toBe(true);
  expect(policy.mayEver(readerOf({ roles: others }), 'Hub', group)).toBe(false);
});

test('J29 an auditor reads the rules and no record, whatever else it is', () => {
  const auditor = readerOf({ organisation: 'cert-eu', roles: ['policy-auditor', 'community-operator'] });
  expect(policy.mayEver(auditor, 'Hub', 'policy')).toBe(true);
  for (const kind of ['Advisory', 'Contribution', 'NotificationFile'])
    expect(policy.mayEver(auditor, kind, 'content')).toBe(false);
});

test('J32 only the machine that keeps the log appends to it', () => {
  const keeper = readerOf({ client: 'machine', roles: ['log-keeper'] });
  expect(policy.mayEver(keeper, 'Hub', 'access-log', 'create')).toBe(true);
  expect(policy.mayEver({ ...keeper, client: 'person' }, 'Hub', 'access-log', 'create')).toBe(false);
});

test('every rule of the joint baseline is there, J01 to J33, each with reason and source', () => {
  const ids = new Set(policy.source.rules.map(({ id }) => id.slice(0, 3)));
  expect([...ids].toSorted()).toEqual(
    Array.from({ length: 33 }, (_, at) => `J${String(at + 1).padStart(2, '0')}`),
  );
  for (const { because, source } of policy.source.rules)
    expect(`${because}${source}`.length).toBeGreaterThan(20);
});
