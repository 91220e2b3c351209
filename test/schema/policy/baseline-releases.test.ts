import { expect, test } from '@jest/globals';
import { maxGrants } from '../../../gateway/registry/grants.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Envelope, Marking } from '../../../schema/record/envelope.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

/** Tests the rules on releases that two persons of the originator make (J09c to J09e, J12b). */

const now = new Date('2026-11-24T12:00:00Z');
const until = '2026-11-24T13:00:00.000Z';
const grant = { id: 'confirmed.G1', by: 'cert-eu', until };
const held = readerOf({ grants: [grant], onScreen: true });
const plain = (id: string): Reader => ({ ...held, grants: [{ ...grant, id }] });

const released = (marking: Partial<Marking>, more: Partial<Envelope> = {}) =>
  envelopeOf({
    marking: markingOf(marking),
    audience: audienceOf({ reach: 'NAMED' }),
    releases: ['confirmed.G1', 'G1', 'emergency.G1'],
    ...more,
  });
const mayDo = (reader: Reader, action: Action, envelope: Envelope, kind = 'Advisory', group = 'content') =>
  policy.may(policy.accessOf(reader, now), action, kind, group, envelope);

const coded = (tlp: Marking['tlp'], ...handlingCodes: Marking['handlingCodes']) => ({ tlp, handlingCodes });

test('J09c allows a person of the originator on screen to release RED, and nobody else', () => {
  const red = released({ tlp: 'RED' });
  const own = readerOf({ organisation: 'cert-eu', onScreen: true });
  expect(mayDo(own, 'release', red)).toBe(true);
  for (const other of [{ onScreen: false }, { organisation: 'enisa' }, { client: 'machine' as const }])
    expect(mayDo({ ...own, onScreen: false, ...other }, 'release', red)).toBe(false);
  // Nobody lowers a RED marking by it.
  expect(mayDo(own, 'mark-down', red)).toBe(false);
});

test('J09d allows the recipient of a confirmed release to read RED on screen, and by no other grant', () => {
  for (const marking of [{ tlp: 'RED' as const }, coded('RED', 'H1', 'H2')]) {
    expect(mayDo(held, 'read', released(marking))).toBe(true);
    expect(mayDo({ ...held, onScreen: false }, 'read', released(marking))).toBe(false);
    expect(mayDo(plain('G1'), 'read', released(marking))).toBe(false);
    for (const action of ['search', 'aggregate', 'subscribe', 'export'] as const)
      expect(mayDo(held, action, released(marking))).toBe(false);
  }
});

test('J09e allows the persons of the recipient to read H1 and H2, and by no other grant', () => {
  const person = { ...held, onScreen: false };
  for (const marking of [
    coded('AMBER', 'H1'),
    coded('GREEN', 'H0', 'H2'),
    coded('AMBER_STRICT', 'H1', 'H2'),
  ]) {
    for (const action of ['read', 'search'] as const)
      expect(mayDo(person, action, released(marking))).toBe(true);
    for (const action of ['subscribe', 'export', 'aggregate'] as const)
      expect(mayDo(person, action, released(marking))).toBe(false);
    expect(mayDo({ ...person, client: 'machine' }, 'read', released(marking))).toBe(false);
    for (const id of ['G1', 'emergency.G1']) expect(mayDo(plain(id), 'read', released(marking))).toBe(false);
  }
});

test.each<[string, Envelope]>([
  ['H3', released(coded('AMBER', 'H1', 'H3'))],
  ['H3 on RED', released(coded('RED', 'H3'))],
  ['a restriction', released({ tlp: 'RED', extraRestrictions: ['no transfer'] })],
  ['a limited distribution', released({ tlp: 'RED', distribution: 'LIMITE' })],
  ['an embargo', released({ tlp: 'RED' }, { embargoUntil: new Date(until) })],
  ['a draft', released({ tlp: 'RED' }, { recordState: 'DRAFT' })],
  ['another originator', released({ tlp: 'RED' }, { originator: 'enisa' })],
])('a confirmed release does not open %s', (_what, envelope) => {
  expect(mayDo(held, 'read', envelope)).toBe(false);
});

test('a confirmed release opens nothing from its end on', () => {
  const over = { ...held, grants: [{ ...grant, until: now.toISOString() }] };
  expect(mayDo(over, 'read', released({ tlp: 'RED' }))).toBe(false);
});

test('J12b allows police to read H1 and H2 for a crime purpose, and not as evidence', () => {
  const roles = ['police-officer'];
  const officer = readerOf({ grants: [grant], roles, purpose: 'criminal-investigation' });
  for (const code of ['H1', 'H2'] as const) {
    const record = released(coded('AMBER', code));
    expect(mayDo(officer, 'read', record, 'Contribution')).toBe(true);
    for (const group of ['evidence', 'hit', 'persons'])
      expect(mayDo(officer, 'read', record, 'Contribution', group)).toBe(false);
    for (const other of [{ roles: [] }, { purpose: 'incident-response' as const }])
      expect(mayDo({ ...officer, ...other }, 'read', record, 'Contribution')).toBe(false);
    expect(mayDo({ ...officer, client: 'machine' }, 'read', record, 'Contribution')).toBe(false);
  }
  expect(mayDo(officer, 'read', released(coded('AMBER', 'H0')), 'Contribution')).toBe(false);
});

test('leaves a reader with the most grants fewer than 120 access keys for each kind', () => {
  const grants = Array.from({ length: maxGrants.read }, (_, at) => ({
    ...grant,
    id: at < maxGrants.emergency.to ? `emergency.${at}` : `confirmed.${at}`,
  }));
  const roles = ['police-officer', 'csirt-analyst', 'duty-officer'];
  const reader = readerOf({ grants, roles, onScreen: true, purpose: 'criminal-investigation' });
  const access = policy.accessOf(reader, now);
  for (const kind of ['Advisory', 'Contribution', 'DefenceAssessment', 'ReleaseRequest'])
    expect(access.keys(kind).size).toBeLessThan(120);
});
