import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { kinds } from '../../../../subgraphs/joint-unit/records.ts';
import { unlistedIn } from '../../../../subgraphs/serve/ingest/kept-by-hand.ts';
import { isRefillDue, refill } from '../../../../subgraphs/serve/relabel/refill.ts';
import { linksOf, recordsOf, schemaOf } from '../../../../subgraphs/serve/store/collections.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { beginKeyState, setDerived } from '../../../../subgraphs/serve/store/key-state.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { envelopeOf } from '../../../helpers/records.ts';
import { versionsOf, versionWithout } from '../../../helpers/versions.ts';

const version = versionWithout(1);
const issuer = 'Organisation:csirt-fr';
const recipient = 'Organisation:csirt-de';
let own: OwnStore;

beforeAll(async () => (own = await openOwnStore('joint-unit', kinds)));
afterAll(async () => await own.stop());

/** A recall as a program stored it that listed it under its recipients too. */
function oldRecall(): StoredRecord {
  const envelope = envelopeOf({ originator: 'csirt-fr', custodian: 'joint-unit' });
  const { admits, early } = version.admittedKeys(envelope, 'Recall');
  return {
    _id: 'Recall:old',
    schemaVersion: 1,
    feed: 'own',
    envelope,
    content: {
      recordId: 'MispEvent:old',
      reason: 'ERROR',
      by: issuer,
      recipients: [{ organisation: recipient, acknowledgedAt: null }],
    },
    sortAt: new Date(0),
    openFrom: new Date(0),
    admits,
    admitsEarly: early,
    policy: version.version,
    contentHash: '',
    derived: 1,
  };
}

test('removes stored join rows that only a guarded field names', async () => {
  const { store } = own;
  const record = oldRecall();
  await recordsOf(store, 'Recall').insertOne(record);
  await linksOf(store).insertMany(toLinks(record, 'Recall', [issuer, recipient]));
  await beginKeyState(store, 1);
  await setDerived(store, 1);
  expect(await isRefillDue(store)).toBe(true);
  await refill(store, followKeyState(store, versionsOf(version, version), 1), { rest: 0 });
  expect((await linksOf(store).find().toArray()).map(({ key }) => key)).toEqual([issuer]);
});

test('gives an imported record no join row that only a guarded field names', () => {
  expect([...unlistedIn(oldRecall(), schemaOf(own.store, 'Recall'))]).toEqual([recipient]);
});
