import type { MongoClient } from 'mongodb';
import { databaseOf } from '../../../docker/trial/stores/names.ts';
import { percentile } from '../figures.ts';

/** The cost of the first page for a narrow reader without access keys: an `$or` over the marking's fields. */
export type Comparison = { readonly ms: number; readonly keys: number; readonly rows: number };

const times = 3;

/** Queries Europol's criminal profiles, where almost nothing is CLEAR, without access keys and on a sorted index. */
export async function askWithoutKeys(admin: MongoClient): Promise<Comparison> {
  const profiles = admin.db(databaseOf('europol')).collection('criminalProfiles');
  const name = await profiles.createIndex({ sortAt: -1, _id: -1 });
  const own = 'nordsee-energy';
  const filter = {
    'envelope.exercise': null,
    'envelope.recordState': 'ACTIVE',
    $or: [
      { 'envelope.marking.tlp': 'CLEAR', 'envelope.embargoUntil': null },
      { 'envelope.audience.organisations': own },
      { 'envelope.originator': own },
    ],
  };
  const cursor = () => profiles.find(filter).sort({ sortAt: -1, _id: -1 }).limit(51).hint(name);
  const measured: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const began = performance.now();
    await cursor().toArray();
    measured.push(performance.now() - began);
  }
  const { executionStats } = await cursor().explain('executionStats');
  await profiles.dropIndex(name);
  const { totalKeysExamined, nReturned } = executionStats as Record<string, number>;
  return { ms: percentile(measured, 0.5), keys: totalKeysExamined ?? 0, rows: nReturned ?? 0 };
}
