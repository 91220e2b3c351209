import { type Db, MongoClient } from 'mongodb';

/** Calls `use` with a store's database and closes the connection afterwards. Rejects if the store does not answer within 5 s. */
export async function withDatabase<Result>(uri: string, use: (db: Db) => Promise<Result>): Promise<Result> {
  await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  // The time limits of `use` begin when the connection is there.
  await client.connect();
  return await use(client.db());
}
