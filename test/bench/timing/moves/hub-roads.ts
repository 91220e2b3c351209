import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Trial } from '../../../../docker/trial/trial.ts';
import { capital } from '../../../../schema/workflow/graph/names.ts';
import { absent, type Target } from '../../../helpers/hidden.ts';
import { ask, type Asker } from '../../ask/client.ts';
import type { Road } from '../road.ts';
import { checkAnswers } from './acts.ts';

const text = 'EXERCISE';
/** A token is renewed between two pairs, before it expires. */
const renewedMs = 300_000;
/** The collections of the joint unit to which one request for a release writes. */
const written = ['releaseRequests', 'progress', 'moves', 'parties', 'notices', 'timers', 'changes'];

/** The roads of moves over the hub, which looks up the record that a request for a release or a recall names. */
export type HubRoads = AsyncDisposable & { readonly roads: readonly Road[] };

/** Returns the roads of moves over a hub that name a record which the asker may not see. */
export async function openHubRoads(
  { stores }: Pick<Trial, 'stores'>,
  signIn: () => Promise<Asker>,
  target: Target,
): Promise<HubRoads> {
  const client = await new MongoClient(stores.uris['joint-unit']).connect();
  const since = new Date();
  let [asker, signedInAt] = [await signIn(), performance.now()];
  const known = await client.db().collection('releaseRequests').distinct('_id');
  // An organisation has one request for a record and 100 in all, so each pair starts without one.
  const cleanUp = async (): Promise<void> => {
    const ids = await client
      .db()
      .collection('releaseRequests')
      .distinct('_id', { _id: { $nin: known } });
    for (const name of written) {
      const mine = name === 'releaseRequests' ? { _id: { $in: ids } } : { record: { $in: ids } };
      await client.db().collection(name).deleteMany(mine);
    }
    if (performance.now() - signedInAt > renewedMs) [asker, signedInAt] = [await signIn(), performance.now()];
  };
  const road = (name: string, mutation: string, inputOf: (id: string) => object): Road => {
    const type = mutation.startsWith('release') ? 'ReleaseRecordInput' : `${capital(mutation)}Input`;
    const query = `mutation M($input: ${type}!) { ${mutation}(input: $input) { userErrors { code path message } } }`;
    const to = (id: string) => async () => {
      const variables = { input: { key: randomUUID(), ...inputOf(id) } };
      return dataIn((await ask(asker, { query, variables })).text);
    };
    return { name: `${name}, over the hub`, hidden: to(target.id), absent: to(absent.id), cleanUp };
  };
  const until = new Date(since.getTime() + 86_400_000).toISOString();
  const roads = [
    road('a request for a release', 'askReleaseRequest', (recordId) => ({
      content: { recordId, purpose: text, need: text, scope: 'WHOLE', until },
    })),
    road('a recall', 'issueRecall', (recordId) => ({
      content: { recordId, reason: 'ERROR', action: 'UN_BLOCK', use: 'BLOCKING_OR_DETECTION' },
    })),
    road('a release', 'releaseCertEuRecord', (id) => ({
      id,
      expectedVersion: 1,
      to: 'csirt-pl',
      until,
      purpose: text,
    })),
  ];
  await checkAnswers(roads);
  return { roads, [Symbol.asyncDispose]: async () => await client.close() };
}

/** Returns the data of an answer. Throws for one that has errors: its time says nothing. */
function dataIn(answer: string): unknown {
  const { data, errors } = JSON.parse(answer) as { readonly data?: unknown; readonly errors?: unknown };
  if (errors !== undefined) throw new Error(`expected an answer without errors, got ${answer.slice(0, 300)}`);
  return data;
}
