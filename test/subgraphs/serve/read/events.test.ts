import { expect, test } from '@jest/globals';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { ReadContext } from '../../../../subgraphs/serve/read/read-context.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

/** The decision on rows that become events. Every row of a request passes `ReadContext.toRow`. */

const now = new Date('2026-11-24T12:00:00Z');

function rowFor(reader: Reader, envelope: Envelope, isEvent: boolean) {
  const context = new ReadContext({
    store: { records: new Map(), schemas: new Map() } as never,
    kinds: community.kinds,
    policy,
    readerAccess: policy.accessOf(reader, now),
    cursorKey: Buffer.alloc(32),
    isEvent,
  });
  const record = { _id: 'Advisory:1', envelope, content: {}, sortAt: now } as unknown as StoredRecord;
  return context.toRow('Advisory', record);
}

const red = envelopeOf({
  marking: markingOf({ tlp: 'RED' }),
  audience: audienceOf({ reach: 'NAMED', persons: ['u-1'] }),
});

test('gives a RED record on screen, and never as an event', () => {
  const person = readerOf({ onScreen: true });
  expect(rowFor(person, red, false)).not.toBeNull();
  expect(rowFor(person, red, true)).toBeNull();
});

test('gives an event of PAP:AMBER to a person, and not to a machine, who may read it by a query', () => {
  const amber = envelopeOf({ marking: markingOf({ pap: 'AMBER' }) });
  const machine = readerOf({ client: 'machine' });
  expect(rowFor(machine, amber, false)).not.toBeNull();
  expect(rowFor(machine, amber, true)).toBeNull();
  expect(rowFor(readerOf(), amber, true)).not.toBeNull();
});

test('hides a RED portion in an event, also from the person who sees it on screen', () => {
  const { marking, audience } = red;
  const open = envelopeOf({
    audience: audienceOf({ reach: 'ANYONE', persons: ['u-1'] }),
    portions: [{ path: 'title', marking, audience }],
  });
  const person = readerOf({ onScreen: true });
  expect([...(rowFor(person, open, false)?.decision.hidden ?? [])]).toEqual([]);
  expect([...(rowFor(person, open, true)?.decision.hidden ?? [])]).toEqual(['title']);
});

test('shows only the groups of fields that the reader may subscribe to', () => {
  const own = readerOf({ organisation: 'cert-eu' });
  expect([...(rowFor(own, envelopeOf(), false)?.decision.groups ?? [])]).toEqual(['audience']);
  expect([...(rowFor(own, envelopeOf(), true)?.decision.groups ?? [])]).toEqual([]);
});
