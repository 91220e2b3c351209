import { type Db, MongoClient } from 'mongodb';

/** Opens a store's database for one command, and closes it after. Rejects where it does not answer within 5 s. */
export async function withDatabase<Result>(uri: string, use: (db: Db) => Promise<Result>): Promise<Result> {
  await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  return await use(client.db());
}
