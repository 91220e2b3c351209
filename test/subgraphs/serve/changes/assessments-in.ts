import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Member } from '../../../../schema/protocol/members.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import type { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';

const purpose = 'incident-response' as const;
export const now = new Date('2026-11-03T10:00:00Z');
export const originator = readerOf({ organisation: 'defence', roles: ['community-operator'], purpose });
export const french = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'], purpose });
export const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'], purpose });

/** Returns the acts of a test on defence assessments in a store that is opened before the tests. */
export function assessmentsIn(placeOf: () => InStore) {
  /** Returns the changes that a reader can make at a time. The hub states the members. */
  function changesOf(reader: Reader, at = now, members: readonly Member[] = []): Changes {
    const { name, kinds } = community;
    const { store } = placeOf();
    const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy), members };
    return new Changes({ ...parts, readerAccess: policy.accessOf(reader, at), alarm: () => undefined });
  }

  async function created(reading: ReadingInput): Promise<string> {
    const content = {
      subject: { vulnerability: 'CVE-2099-10001' },
      judgement: 'EXERCISE',
      missionImpact: 'DEGRADED',
    };
    const input = { key: randomUUID(), content, reading };
    const { id, userErrors } = await changesOf(originator).create('DefenceAssessment', input);
    expect(userErrors).toEqual([]);
    return id ?? '';
  }

  async function stored(id: string) {
    const found = await recordsOf(placeOf().store, 'DefenceAssessment').findOne({ _id: id });
    if (found === null) throw new Error('expected the record');
    return found;
  }

  /** Returns the reader with the grants that the registry would have for the releases of a record, confirmed or not. */
  async function granted(reader: Reader, id: string): Promise<Reader> {
    const { originator: by, released = [] } = (await stored(id)).envelope;
    const own = released.filter(({ to, emergency, proposal }) => {
      const { person } = emergency ?? proposal ?? { person: null };
      return to === reader.organisation && (person === null || person === reader.subject);
    });
    return { ...reader, grants: own.map((one) => ({ id: one.grant, by, until: one.until.toISOString() })) };
  }

  return { changesOf, created, stored, granted };
}
