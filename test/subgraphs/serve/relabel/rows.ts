import fc from 'fast-check';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { withFilters } from '../../../helpers/derived.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';

export const now = new Date('2026-11-24T12:00:00Z');
/** The shared key that every row names. */
export const key = 'Vulnerability:CVE-2099-1';

export type TestRow = { readonly id: string; readonly envelope: Envelope };

/** Envelopes of every colour, some for named organisations, some under an embargo that runs. */
export const row: fc.Arbitrary<Envelope> = fc
  .record({
    tlp: fc.constantFrom(
      'CLEAR' as const,
      'GREEN' as const,
      'GREEN' as const,
      'AMBER' as const,
      'RED' as const,
    ),
    named: fc.subarray(['csirt-fr', 'csirt-pl']),
    embargoUntil: fc.constantFrom(null, null, new Date('2026-11-25T00:00:00Z')),
  })
  .map(({ tlp, named, embargoUntil }) =>
    envelopeOf({
      marking: markingOf({ tlp }),
      audience: audienceOf(named.length > 0 ? { reach: 'NAMED', organisations: named } : {}),
      embargoUntil,
    }),
  );

/** Stores advisories that all name one vulnerability, with the access keys of a version. Returns them, oldest first. */
export async function storeRows(
  store: CommunityStore,
  envelopes: readonly Envelope[],
  policy: Policy,
): Promise<readonly TestRow[]> {
  const records = envelopes.map((envelope, at): StoredRecord => {
    const { admits, early } = policy.admittedKeys(envelope, 'Advisory');
    return {
      _id: `Advisory:${String(at).padStart(4, '0')}`,
      schemaVersion: 1,
      feed: 'test',
      envelope: { ...envelope, localId: String(at) },
      content: { serial: `2099-${at}`, exploitedInTheWild: 'YES' },
      sortAt: new Date(Date.UTC(2026, 0, 1, 0, Math.floor(at / 3))),
      openFrom: envelope.embargoUntil ?? new Date(0),
      admits,
      admitsEarly: early,
      policy: policy.version,
      contentHash: String(at),
    };
  });
  const links = records.flatMap((record) => toLinks(record, 'Advisory', [key]));
  await store.records
    .get('Advisory')
    ?.collection.insertMany(records.map((record) => withFilters(kinds, 'Advisory', record, policy)) as never);
  await store.links.collection.insertMany(links as never);
  return records.map(({ _id, envelope }) => ({ id: _id, envelope }));
}
