import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { joinMarkings } from '../../../../gateway/shape/holds.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { tlpScale } from '../../../../schema/record/vocabulary.ts';
import { type Row, toDisclosure } from '../../../../subgraphs/serve/read/row.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';

const nothing: ReadonlySet<string> = new Set();
const withAudience: ReadonlySet<string> = new Set(['audience']);

function rowOf(envelope: Envelope, groups = nothing, hidden = nothing): Row {
  const decision = { hidden, groups };
  const stored = { type: 'Advisory', id: 'Advisory:1', content: {}, sortAt: new Date(0) };
  return { ...stored, envelope, decision };
}

const holdsOf = (rows: readonly Row[]) =>
  joinMarkings(rows.map((row) => ({ ...toDisclosure(row), community: 'cert-eu' })));

test('reports every scale of a shown portion, and nothing of a hidden one', () => {
  const marking = markingOf({ tlp: 'AMBER', pap: 'RED', handlingCodes: ['H1'], extraRestrictions: ['a'] });
  const portions = [
    { path: 'summary', marking, audience: audienceOf() },
    { path: 'title', marking: markingOf({ tlp: 'RED' }), audience: audienceOf() },
  ];
  const row = rowOf(envelopeOf({ portions }), nothing, new Set(['title']));
  expect(toDisclosure(row).portions).toEqual([
    { path: 'summary', tlp: 'AMBER', pap: 'RED', handlingCodes: ['H1'], extraRestrictions: ['a'] },
  ]);
  expect(holdsOf([row])).toMatchObject({
    tlp: 'AMBER',
    pap: 'RED',
    handlingCodes: ['H1'],
    extraRestrictions: ['a'],
  });
});

test('reports an audience only to a reader who may see it', () => {
  const audience = audienceOf({ organisations: ['csirt-fr'] });
  const limited = envelopeOf({ marking: markingOf({ tlp: 'AMBER' }), audience });
  expect(toDisclosure(rowOf(limited, withAudience)).audience).toEqual(['csirt-fr']);
  expect(toDisclosure(rowOf(limited)).audience).toEqual([]);
  expect(toDisclosure(rowOf(envelopeOf())).audience).toBeNull();
  const named = envelopeOf({ audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }) });
  expect(toDisclosure(rowOf(named, withAudience)).audience).toEqual(['csirt-fr']);
  expect(toDisclosure(rowOf(named)).audience).toBeNull();
});

const organisations = fc.subarray(['csirt-fr', 'csirt-pl', 'enisa']);
const audiences = fc.record({
  organisations,
  reach: fc.constantFrom('ANYONE' as const, 'COMMUNITY' as const, 'NAMED' as const),
});
/** A record with one portion, in what a reader may see of it. */
const seen = fc.record({
  tlp: fc.constantFrom(...tlpScale),
  portion: fc.option(fc.constantFrom(...tlpScale)),
  isAudienceSeen: fc.boolean(),
});
type Seen = typeof seen extends fc.Arbitrary<infer Value> ? Value : never;
type Hidden = { readonly organisations: readonly string[]; readonly reach: Envelope['audience']['reach'] };

function look(of: Seen, visible: Hidden, hidden: Hidden): Row {
  const audience = audienceOf(of.isAudienceSeen ? visible : hidden);
  // The graph shows no audience of a portion to anyone.
  const portions =
    of.portion === null
      ? []
      : [{ path: 'summary', marking: markingOf({ tlp: of.portion }), audience: audienceOf(hidden) }];
  const envelope = envelopeOf({ marking: markingOf({ tlp: of.tlp }), audience, portions });
  return rowOf(envelope, of.isAudienceSeen ? withAudience : nothing);
}

test('two answers that look alike to the reader have equal `holds`, whatever the hidden audiences are', () => {
  const item = fc.record({ of: seen, visible: audiences, one: audiences, other: audiences });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), (items) => {
      const first = items.map(({ of, visible, one }) => look(of, visible, one));
      const second = items.map(({ of, visible, other }) => look(of, visible, other));
      expect(holdsOf(first)).toEqual(holdsOf(second));
    }),
  );
});
