import type { Community } from '../../../schema/record/vocabulary.ts';
import { parts } from '../../../docker/trial/parts.ts';
import { type Db, type Document, MongoClient } from 'mongodb';

/** The duration of `insertMany` alone for the same documents, in milliseconds. */
export type Bare = { readonly documents: number; readonly records: number; readonly ms: number };

const batch = 1000;
/**
 * Reads back what an import stored, and inserts the very same documents into collections with the same indexes, in
 * batches of 1,000, under the same write concern. Only the inserts are timed.
 */
export async function insertBare(uri: string, community: Community): Promise<Bare> {
  const client = new MongoClient(uri, { writeConcern: { w: 'majority' } });
  try {
    const db = client.db();
    // Other collections of an import do not contain the file's documents.
    const names = ['links', ...parts[community].kinds.map(({ collection }) => collection)];
    let documents = 0;
    let records = 0;
    let ms = 0;
    for (const name of names) {
      const copied = await copyCollection(db, name);
      documents += copied.documents;
      records += name === 'links' ? 0 : copied.documents;
      ms += copied.ms;
    }
    return { documents, records, ms };
  } finally {
    await client.close();
  }
}

async function copyCollection(
  db: Db,
  name: string,
): Promise<{ readonly documents: number; readonly ms: number }> {
  const to = db.collection(`bare_${name}`);
  const indexes = (await db.collection(name).indexes()).filter((index) => index.name !== '_id_');
  await to.createIndexes(
    indexes.map(({ key, name: as = '', unique = false, partialFilterExpression: partial }) => ({
      key: key as Record<string, 1 | -1>,
      name: as,
      unique,
      ...(partial !== undefined && { partialFilterExpression: partial }),
    })),
  );
  let documents = 0;
  let ms = 0;
  let rows: Document[] = [];
  const insert = async () => {
    if (rows.length === 0) return;
    const began = performance.now();
    await to.insertMany(rows, { ordered: false });
    ms += performance.now() - began;
    documents += rows.length;
    rows = [];
  };
  for await (const row of db.collection(name).find().batchSize(batch)) {
    rows.push(row);
    if (rows.length === batch) await insert();
  }
  await insert();
  return { documents, ms };
}
