import { expect, test } from '@jest/globals';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { heldKeys, policy, reads as readsAt } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

const now = new Date('2026-11-24T12:00:00Z');
const later = new Date('2026-11-24T13:00:00Z');

function reads(reader: Reader, envelope: unknown): boolean {
  return readsAt(reader, envelope, now);
}

const amber = (changes: Partial<Envelope> = {}) =>
  envelopeOf({
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr'] }),
    ...changes,
  });
const strict = envelopeOf({
  marking: markingOf({ tlp: 'AMBER_STRICT' }),
  audience: audienceOf({ organisations: ['csirt-fr'] }),
});
const red = envelopeOf({ marking: markingOf({ tlp: 'RED' }), audience: audienceOf({ persons: ['u-1'] }) });
const share = { id: 'S1', by: 'csirt-fr', until: later.toISOString() };
const client = readerOf({ organisation: 'nordsee-energy', communities: [] });

test('J01 refuses a record without a valid marking to everyone', () => {
  for (const marking of [
    null,
    undefined,
    {},
    'CLEAR',
    markingOf({ tlp: 'WHITE' as never }),
    { ...markingOf(), pap: 3 },
  ]) {
    expect(reads(readerOf({ organisation: 'cert-eu' }), { ...envelopeOf(), marking })).toBe(false);
  }
  expect(reads(readerOf(), envelopeOf())).toBe(true);
});

test('J02 allows CLEAR to every authenticated reader after the embargo', () => {
  expect(reads(client, envelopeOf())).toBe(true);
  expect(reads(client, envelopeOf({ embargoUntil: later }))).toBe(false);
  expect(reads(client, envelopeOf({ embargoUntil: now }))).toBe(true);
  expect(reads(readerOf({ organisation: 'cert-eu' }), envelopeOf({ embargoUntil: later }))).toBe(true);
});

test('J03 allows GREEN to organisations registered in the community of the record', () => {
  const green = envelopeOf({ marking: markingOf({ tlp: 'GREEN' }) });
  expect(reads(readerOf(), green)).toBe(true);
  expect(reads(client, green)).toBe(false);
  expect(
    reads(readerOf(), envelopeOf({ marking: markingOf({ tlp: 'GREEN', tlpCommunity: 'law-enforcement' }) })),
  ).toBe(false);
});

test('J04 allows AMBER to members of an audience organisation for one of its purposes', () => {
  expect(reads(readerOf(), amber())).toBe(true);
  expect(reads(readerOf({ purpose: null }), amber())).toBe(false);
  expect(reads(readerOf({ purpose: 'supervision' }), amber())).toBe(false);
  expect(reads(readerOf({ organisation: 'csirt-pl' }), amber())).toBe(false);
});

test('J05 allows AMBER to a client while the onward share of a recipient is valid', () => {
  const shared = amber({ onwardShares: [{ id: 'S1', by: 'csirt-fr' }] });
  expect(reads({ ...client, onwardShares: [share] }, shared)).toBe(true);
  expect(reads(client, shared)).toBe(false);
  expect(reads({ ...client, onwardShares: [{ ...share, until: now.toISOString() }] }, shared)).toBe(false);
  expect(
    reads({ ...client, onwardShares: [share] }, amber({ onwardShares: [{ id: 'S1', by: 'csirt-pl' }] })),
  ).toBe(false);
});

test('J06 ignores onward shares for AMBER+STRICT', () => {
  expect(reads(readerOf(), strict)).toBe(true);
  const shared = { ...strict, onwardShares: [{ id: 'S1', by: 'csirt-fr' }] };
  expect(reads({ ...client, onwardShares: [share] }, shared)).toBe(false);
});

test('J07 allows RED only to a named person on screen', () => {
  expect(reads(readerOf({ onScreen: true }), red)).toBe(true);
  expect(reads(readerOf({ onScreen: false }), red)).toBe(false);
  expect(reads(readerOf({ onScreen: true, subject: 'u-2' }), red)).toBe(false);
  expect(reads(readerOf({ onScreen: true, subject: 'u-3', organisation: 'cert-eu' }), red)).toBe(false);
  const operator = readerOf({
    subject: 'u-4',
    organisation: 'cert-eu',
    roles: ['community-operator'],
    onScreen: true,
  });
  expect(reads(operator, red)).toBe(false);
});

test('J33 allows an empty audience above GREEN only to the originator and the operators of the custodian', () => {
  const own = amber({ audience: audienceOf(), originator: 'eset', custodian: 'cert-eu' });
  expect(reads(readerOf({ organisation: 'eset', purpose: null }), own)).toBe(true);
  expect(reads(readerOf({ organisation: 'cert-eu', roles: ['community-operator'] }), own)).toBe(true);
  expect(reads(readerOf({ organisation: 'cert-eu' }), own)).toBe(false);
  expect(reads(readerOf(), own)).toBe(false);
});

test('J33 gives auditors and hub administrators no access keys to content, even with other roles', () => {
  for (const role of ['policy-auditor', 'hub-administrator']) {
    const reader = readerOf({ roles: [role, 'community-operator'], organisation: 'cert-eu', onScreen: true });
    expect(heldKeys(reader, now)).toEqual([]);
  }
});

test('refuses exercise records to real readers and real records to exercise readers', () => {
  const exercise = envelopeOf({ exercise: 'exercise:trial-2026' });
  expect(reads(readerOf({ organisation: 'cert-eu' }), exercise)).toBe(false);
  expect(reads(readerOf({ picture: 'exercise:trial-2026' }), exercise)).toBe(true);
  expect(reads(readerOf({ picture: 'exercise:trial-2026' }), envelopeOf())).toBe(false);
});

test('allows drafts and restricted records to insiders only, and erased records to nobody', () => {
  const insider = readerOf({ organisation: 'cert-eu' });
  const limited = [
    envelopeOf({ recordState: 'DRAFT' }),
    envelopeOf({ marking: markingOf({ extraRestrictions: ['ask first'] }) }),
    envelopeOf({ marking: markingOf({ handlingCodes: ['H0', 'H2'] }) }),
    envelopeOf({ marking: markingOf({ distribution: 'LIMITE' }) }),
  ];
  for (const envelope of limited) {
    expect(reads(readerOf(), envelope)).toBe(false);
    expect(reads(insider, envelope)).toBe(true);
  }
  expect(reads(insider, envelopeOf({ recordState: 'ERASED' }))).toBe(false);
});

test('decides a portion by its own marking', () => {
  const portion = {
    path: 'technicalDetails',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-pl'] }),
  };
  const envelope = envelopeOf({ portions: [portion] });
  const hidden = (reader: Reader) => [
    ...(policy.decideRow(envelope, 'Advisory', policy.accessOf(reader, now))?.hidden ?? []),
  ];
  expect(hidden(readerOf())).toEqual(['technicalDetails']);
  expect(hidden(readerOf({ organisation: 'csirt-pl' }))).toEqual([]);
});

test('applies the audience if it is narrower than the TLP colour', () => {
  expect(reads(client, envelopeOf({ audience: audienceOf({ reach: 'COMMUNITY' }) }))).toBe(false);
  expect(reads(readerOf(), envelopeOf({ audience: audienceOf({ reach: 'COMMUNITY' }) }))).toBe(true);
  expect(reads(readerOf(), envelopeOf({ audience: audienceOf({ reach: 'NAMED' }) }))).toBe(false);
});
