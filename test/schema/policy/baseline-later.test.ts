import { expect, test } from '@jest/globals';
import type { Envelope, Marking } from '../../../schema/record/envelope.ts';
import { allows, buildSpace, cachedReaderBlocks } from '../../../schema/policy/table/cells.ts';
import { blocksOfCells } from '../../../schema/policy/table/diff.ts';
import { sideOf } from '../../../schema/policy/table/sides.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { policy, reads as readsAt } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

/** Tests the baseline rules on actions other than reading, on the hub, and on specific kinds of record. */

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

const isNotified = (reader: Reader, envelope: Envelope, kind = 'Advisory'): boolean => {
  const admitted = new Set(policy.subscribeKeys(envelope, kind, now));
  return !policy.accessOf(reader, now).keys(kind, 'subscribe').isDisjointFrom(admitted);
};

const announcedOf = (id: string) => [
  ...(policy.source.rules.find((rule) => rule.id === id)?.announced ?? []),
];

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

test('J01 refuses ERASED records for every action', () => {
  const erased = envelopeOf({ recordState: 'ERASED' });
  for (const action of ['read', 'search'] as const) {
    expect(mayDo(own, action, 'Advisory', erased)).toBe(false);
    expect(mayDo(own, action, 'Advisory', envelopeOf())).toBe(true);
  }
});

test('J07 refuses search, aggregation, subscription and export of RED, even to the named person', () => {
  const person = readerOf({ onScreen: true });
  expect(mayDo(person, 'read', 'Advisory', red)).toBe(true);
  for (const action of ['search', 'aggregate', 'subscribe', 'export'] as const)
    expect(mayDo(person, action, 'Advisory', red)).toBe(false);
});

test('J08 allows only the originator to mark a record up', () => {
  expect(mayDo(own, 'mark-up', 'Advisory', envelopeOf())).toBe(true);
  expect(mayDo(readerOf(), 'mark-up', 'Advisory', envelopeOf())).toBe(false);
});

test('J09 allows marking down and release to the originator, not to the custodian', () => {
  const kept = envelopeOf({ originator: 'eset', custodian: 'cert-eu' });
  const custodian = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });
  for (const action of ['mark-down', 'release'] as const) {
    expect(mayDo(readerOf({ organisation: 'eset' }), action, 'Advisory', kept)).toBe(true);
    expect(mayDo(custodian, action, 'Advisory', kept)).toBe(false);
  }
});

test('J09 refuses marking down and release to a machine of the originator, which may mark up', () => {
  const machine = readerOf({ organisation: 'cert-eu', client: 'machine', roles: ['connector'] });
  for (const action of ['mark-down', 'release'] as const)
    expect(mayDo(machine, action, 'Advisory', envelopeOf())).toBe(false);
  expect(mayDo(machine, 'mark-up', 'Advisory', envelopeOf())).toBe(true);
});

test('J10 refuses classified records to everyone', () => {
  const classified = envelopeOf({ marking: markingOf({ classification: 'RESTREINT UE/EU RESTRICTED' }) });
  expect(reads(own, classified)).toBe(false);
  expect(reads(own, envelopeOf())).toBe(true);
});

test('J11 allows police to read H0 contributions for a crime purpose only', () => {
  expect(mayDo(police, 'read', 'Contribution', toPolice())).toBe(true);
  expect(mayDo({ ...police, purpose: 'incident-response' }, 'read', 'Contribution', toPolice())).toBe(false);
  expect(mayDo(readerOf(), 'read', 'Contribution', toPolice())).toBe(false);
  expect(mayDo(police, 'read', 'Contribution', toPolice({ extraRestrictions: ['no transfer'] }))).toBe(false);
});

test('J12 allows H1 to addressees, and its use as evidence only with a grant of the provider', () => {
  const limited = toPolice({ handlingCodes: ['H1'] }, { releases: ['G1'] });
  expect(mayDo(police, 'read', 'Contribution', limited)).toBe(true);
  expect(mayDo(police, 'read', 'Contribution', limited, 'evidence')).toBe(false);
  expect(mayDo({ ...police, grants: [grant] }, 'read', 'Contribution', limited, 'evidence')).toBe(true);
});

test('J13 allows H2 only with a valid grant of the provider', () => {
  const limited = toPolice({ handlingCodes: ['H2'] }, { releases: ['G1'] });
  expect(mayDo(police, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo({ ...police, grants: [grant] }, 'read', 'Contribution', limited)).toBe(true);
  const ended = { ...grant, until: now.toISOString() };
  expect(mayDo({ ...police, grants: [ended] }, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo({ ...police, grants: [{ ...grant, by: 'eset' }] }, 'read', 'Contribution', limited)).toBe(
    false,
  );
});

test('J14 refuses H3 to everyone, because no rule covers its text', () => {
  const limited = toPolice({ handlingCodes: ['H0', 'H3'] }, { releases: ['G1'] });
  expect(mayDo({ ...police, grants: [grant] }, 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo(readerOf({ organisation: 'police-fr' }), 'read', 'Contribution', limited)).toBe(false);
  expect(mayDo(readerOf({ organisation: 'police-fr' }), 'read', 'Contribution', toPolice())).toBe(true);
});

const released = (facts: Record<string, string>) => toPolice({}, { releases: ['G1'], facts });

test('J15 allows technical partners to read releases of Europol without personal data', () => {
  const partner = readerOf({ roles: ['csirt-analyst'], grants: [grant] });
  const technical = { personal: 'none', 'released-by': 'europol' };
  expect(mayDo(partner, 'read', 'Contribution', released(technical))).toBe(true);
  expect(mayDo(partner, 'read', 'Contribution', released({ ...technical, personal: 'counts' }))).toBe(false);
  expect(mayDo({ ...partner, grants: [] }, 'read', 'Contribution', released(technical))).toBe(false);
});

test('J16 refuses the group persons to every kind of reader', () => {
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
    facts: { 'reach-of-incident': 'cross-border-significant', 'enisa-informed': 'yes' },
    ...changes,
  });

test('J17 allows authorities of a Member State to read and change its NIS2 files, entity name included', () => {
  const csirt = readerOf({ roles: ['csirt-analyst'] });
  for (const group of ['content', 'entity-name']) {
    expect(mayDo(csirt, 'change', 'NotificationFile', file(), group)).toBe(true);
    expect(mayDo({ ...csirt, memberState: 'PL' }, 'change', 'NotificationFile', file(), group)).toBe(false);
    expect(mayDo({ ...csirt, roles: [] }, 'read', 'NotificationFile', file(), group)).toBe(false);
  }
});

test('J18 allows other states and ENISA to read a cross-border incident without the entity name', () => {
  const told = readerOf({
    organisation: 'authority-pl',
    memberState: 'PL',
    roles: ['single-point-of-contact'],
  });
  const enisa = readerOf({ organisation: 'enisa', memberState: null, roles: ['enisa-analyst'] });
  for (const reader of [told, enisa]) {
    expect(mayDo(reader, 'read', 'NotificationFile', file())).toBe(true);
    expect(mayDo(reader, 'read', 'NotificationFile', file(), 'entity-name')).toBe(false);
    const national = file({ facts: { 'reach-of-incident': 'national', 'enisa-informed': 'yes' } });
    expect(mayDo(reader, 'read', 'NotificationFile', national)).toBe(false);
  }
  for (const informed of [{}, { 'enisa-informed': 'no' }])
    expect(
      mayDo(
        enisa,
        'read',
        'NotificationFile',
        file({ facts: { 'reach-of-incident': 'cross-border-significant', ...informed } }),
      ),
    ).toBe(false);
  expect(mayDo({ ...told, memberState: 'AT' }, 'read', 'NotificationFile', file())).toBe(false);
});

test('J19 is announced: nobody aggregates figures until the graph has a coordinate for it, and nobody reads them', () => {
  const enisa = readerOf({ organisation: 'enisa', memberState: null, roles: ['enisa-analyst'] });
  const national = file({ facts: { 'reach-of-incident': 'national' } });
  expect(announcedOf('J19')).toEqual(['aggregate']);
  expect(mayDo(enisa, 'aggregate', 'NotificationFile', national, 'figures')).toBe(false);
  expect(mayDo(enisa, 'read', 'NotificationFile', national, 'figures')).toBe(false);
  expect(mayDo(client, 'aggregate', 'NotificationFile', national, 'figures')).toBe(false);
});

const incident = (identity: string) =>
  envelopeOf({
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr'] }),
    facts: { identity },
  });

test('J20 allows CSIRTs to read incidents of CERT-EU that name them, for a purpose of the incident', () => {
  const csirt = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('withheld'))).toBe(true);
  for (const other of [
    { organisation: 'csirt-pl' },
    { purpose: null },
    { purpose: 'supervision' as const },
  ]) {
    const reader = readerOf({ roles: ['csirt-analyst'], ...other });
    expect(mayDo(reader, 'read', 'UnionIncident', incident('public-already'))).toBe(false);
    expect(mayDo(reader, 'read', 'UnionIncident', incident('public-already'), 'entity-name')).toBe(false);
  }
});

test('J20 allows CSIRTs to read the entity name only with consent', () => {
  const csirt = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('withheld'))).toBe(true);
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('withheld'), 'entity-name')).toBe(false);
  expect(mayDo(csirt, 'read', 'UnionIncident', incident('entity-consents'), 'entity-name')).toBe(true);
  expect(mayDo(police, 'read', 'UnionIncident', incident('withheld'))).toBe(false);
});

const listed = (tlp: Marking['tlp']) =>
  envelopeOf({ marking: markingOf({ tlp }), audience: audienceOf({ agreements: ['A-7'] }) });

test('J21 allows a private partner to read listed records up to the ceiling of a valid agreement', () => {
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

test('J22 allows members of a network to read its products and to change the assessment of their own state only', () => {
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

test('J22b lets those whom the marking names move a joint case, and no machine and no auditor', () => {
  const audience = audienceOf({ organisations: ['csirt-fr', 'enisa'] });
  const joint = envelopeOf({ marking: markingOf({ tlp: 'AMBER' }), audience });
  const analyst = readerOf({ organisation: 'csirt-fr', roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'JointCaseRecord', joint)).toBe(true);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'JointCaseRecord', joint)).toBe(false);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'JointCaseRecord', joint)).toBe(false);
  expect(mayDo({ ...analyst, roles: ['external-auditor'] }, 'move', 'JointCaseRecord', joint)).toBe(false);
  const secret = { ...joint, marking: markingOf({ tlp: 'RED' }) };
  expect(mayDo(analyst, 'move', 'JointCaseRecord', secret)).toBe(false);
});

test('J23 lets those who take part move a mobilisation, from a significant incident on for the Reserve', () => {
  const audience = audienceOf({ organisations: ['csirt-fr', 'enisa'] });
  const request = (level?: string) =>
    envelopeOf({
      ...(level !== undefined && { facts: { level } }),
      marking: markingOf({ tlp: 'AMBER' }),
      audience,
    });
  const desk = readerOf({ organisation: 'enisa', roles: ['reserve-desk'] });
  expect(mayDo(desk, 'move', 'Mobilisation', request('significant'))).toBe(true);
  expect(mayDo(desk, 'move', 'Mobilisation', request())).toBe(true);
  expect(mayDo(desk, 'move', 'Mobilisation', request('incident'))).toBe(false);
  expect(mayDo({ ...desk, organisation: 'csirt-pl' }, 'move', 'Mobilisation', request('major'))).toBe(false);
  expect(mayDo({ ...desk, client: 'machine' }, 'move', 'Mobilisation', request('major'))).toBe(false);
  expect(mayDo(desk, 'create', 'Mobilisation', request('major'))).toBe(false);
});

test('J24 allows named desks to read a draft', () => {
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

test('J25 refuses machines records with PAP above GREEN and TLP:RED', () => {
  const machine = readerOf({ client: 'machine', roles: ['connector'] });
  expect(announcedOf('J25')).toEqual(['export']);
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('GREEN'))).toBe(true);
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('AMBER'))).toBe(false);
  expect(mayDo(machine, 'subscribe', 'Sighting', feed('GREEN', 'RED'))).toBe(false);
  expect(mayDo(machine, 'export', 'Sighting', feed('RED', 'CLEAR'))).toBe(false);
  expect(mayDo(readerOf(), 'read', 'Advisory', envelopeOf({ marking: markingOf({ pap: 'RED' }) }))).toBe(
    true,
  );
});

test('J27 allows an emergency release only to the duty officer of the originator', () => {
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
])('%s allows the hub’s %s only to its kind of reader', (_rule, group, those, others) => {
  expect(policy.mayEver(readerOf({ roles: those }), 'Hub', group)).toBe(true);
  expect(policy.mayEver(readerOf({ roles: others }), 'Hub', group)).toBe(false);
});

test('J29 allows an auditor to read the rules and no record, even with other roles', () => {
  const auditor = readerOf({ organisation: 'cert-eu', roles: ['policy-auditor', 'community-operator'] });
  expect(policy.mayEver(auditor, 'Hub', 'policy')).toBe(true);
  for (const kind of ['Advisory', 'Contribution', 'NotificationFile'])
    expect(policy.mayEver(auditor, kind, 'content')).toBe(false);
});

test('J32 is announced: nobody appends to the log through the graph', () => {
  const keeper = readerOf({ client: 'machine', roles: ['log-keeper'] });
  expect(announcedOf('J32')).toEqual(['create', 'administer']);
  expect(policy.mayEver(keeper, 'Hub', 'access-log', 'create')).toBe(false);
  expect(policy.mayEver({ ...keeper, client: 'person' }, 'Hub', 'access-log', 'create')).toBe(false);
});

test('J34 lets nobody subscribe to a record that they may not read, in any cell', () => {
  const known = cachedReaderBlocks();
  for (const kind of Object.keys(policy.source.domain.kinds)) {
    const [read, subscribe] = (['read', 'subscribe'] as const).map((action) =>
      sideOf(policy.source, { action, kind, group: 'content' }),
    );
    if (read === undefined || subscribe === undefined) throw new Error('expected two sides');
    const space = buildSpace([read, subscribe], kind, known);
    const { found } = blocksOfCells(
      space,
      (column, row) => allows(space, 1, column, row) && !allows(space, 0, column, row),
    );
    expect(found).toEqual([]);
  }
});

test('J34 notifies recipients of AMBER, and nobody of RED, of a foreign draft and of H2', () => {
  const amber = feed('AMBER');
  expect(isNotified(readerOf(), amber)).toBe(true);
  expect(isNotified(readerOf({ organisation: 'csirt-de' }), amber)).toBe(false);
  expect(isNotified(readerOf({ client: 'machine' }), amber)).toBe(false);
  expect(policy.subscribeKeys(red, 'Advisory', now)).toEqual([]);
  expect(isNotified(readerOf(), { ...amber, recordState: 'DRAFT' })).toBe(false);
  expect(isNotified(readerOf(), { ...amber, embargoUntil: later })).toBe(false);
  expect(isNotified(police, toPolice(), 'Contribution')).toBe(true);
  expect(isNotified(police, toPolice({ handlingCodes: ['H2'] }), 'Contribution')).toBe(false);
});

test('has all rules J01 to J36, each with reason and source', () => {
  const ids = new Set(policy.source.rules.map(({ id }) => id.slice(0, 3)));
  expect([...ids].toSorted()).toEqual(
    Array.from({ length: 36 }, (_, at) => `J${String(at + 1).padStart(2, '0')}`),
  );
  for (const { because, source } of policy.source.rules)
    expect(`${because}${source}`.length).toBeGreaterThan(20);
});
