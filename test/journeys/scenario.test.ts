import { expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { parts } from '../../docker/trial/parts.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { standing } from '../helpers/ask.ts';

test.each(communities)('has a record of every kind of %s in the exercise', async (community) => {
  await using client = await new MongoClient(standing().uris[community] ?? '').connect();
  const counts = await Promise.all(
    parts[community].kinds.map(async ({ type, collection }) => [
      type,
      await client
        .db()
        .collection(collection)
        .countDocuments({ 'envelope.exercise': 'exercise:trial-2026' }, { limit: 1 }),
    ]),
  );
  expect(counts).toEqual(parts[community].kinds.map(({ type }) => [type, 1]));
});
