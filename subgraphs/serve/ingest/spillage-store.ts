import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';

/** Returns the key for hashes of classified records. A plain hash of a short text could be reversed by guessing. */
export async function findSpillageKey(db: Db): Promise<Buffer> {
  const keys = db.collection<{ _id: string; key: string }>('ingestKeys');
  const key = randomBytes(32).toString('base64');
  await keys.updateOne({ _id: 'spillage' }, { $setOnInsert: { key } }, { upsert: true });
  return Buffer.from((await keys.findOne({ _id: 'spillage' }))?.key ?? key, 'base64');
}

/** Stores that a classified record arrived: time, feed, position and keyed hash; never its content. */
export async function storeSpillage(db: Db, spillage: object): Promise<void> {
  await db.collection('spillages').insertOne({ ...spillage }, { writeConcern: { w: 'majority' } });
}
