import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { parseDocument } from 'yaml';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { newestAlarms } from '../../../../subgraphs/serve/store/alarms.ts';
import { previewPolicy } from '../../../../subgraphs/serve/preview/openings.ts';
import { followSwitch, lastTurn, turnSwitch } from '../../../../subgraphs/serve/operate/switch.ts';
import { viewAs } from '../../../../subgraphs/serve/operate/view.ts';
import { readKey } from '../../../../schema/policy/decide/access-keys.ts';
import { formatKey } from '../../../../subgraphs/serve/store/format-key.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { community } from '../ingest/bulletins.ts';
import { bulletinsFile, Place } from '../ingest/place.ts';

let place: Place;
let store: CommunityStore;

beforeAll(async () => {
  place = await Place.open();
  store = openStore(place.stores.uris['cert-eu'], community.kinds, () => undefined);
  await store.connection.asPromise();
});
afterAll(async () => {
  await store.connection.close();
  await place[Symbol.asyncDispose]();
});
beforeEach(async () => await place.clear());

const inExercise = { picture: 'exercise:import' };
const member = readerOf(inExercise);
const outsider = readerOf({ ...inExercise, organisation: 'nordsee-energy', communities: [] });

test('shows the counts and markings that another reader would see, and no content', async () => {
  await place.import([await place.write('b.json', bulletinsFile(20))]);
  const seen = await viewAs(store, community.kinds, policy, member, new Date());
  expect(seen.map(({ kind, records }) => [kind, records])).toEqual([
    ['Bulletin', 20],
    ['Note', 40],
  ]);
  expect(JSON.stringify(seen)).not.toContain('EXERCISE');
  const hidden = await viewAs(store, community.kinds, policy, outsider, new Date());
  expect(hidden.map(({ records, newest }) => [records, newest])).toEqual([
    [0, []],
    [0, []],
  ]);
});

test('previews the readers that an import would admit, and writes nothing', async () => {
  const file = await place.write(
    'b.json',
    bulletinsFile(3, (one, at) => ({ ...one, tlp: at === 0 ? 'AMBER' : 'GREEN' })),
  );
  const { code, out } = await place.import([file], { args: ['--preview'] });
  expect(code).toBe(0);
  expect(out).toContain('would open 2: Bulletin: organisations registered in cyber-defence (read, search)');
  expect(out).toContain('nothing was written');
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
});

/** The policy with one rule of the baseline taken out. */
function without(id: string): Policy {
  const baseline = parseDocument(readPolicyTexts()['baseline.yaml'] ?? '');
  const rules = baseline.toJS().rules as readonly { readonly id: string }[];
  baseline.set(
    'rules',
    rules.filter((rule) => rule.id !== id),
  );
  const domain = parseDocument(readPolicyTexts()['domain.yaml'] ?? '');
  for (const kind of ['Bulletin', 'Note']) {
    domain.setIn(['kinds', kind], { community: 'cert-eu', groups: ['content', 'audience'] });
    for (const name of ['records', 'shared-by-marking']) domain.addIn(['collections', name], kind);
  }
  return policyOfTexts({
    ...readPolicyTexts(),
    'baseline.yaml': baseline.toString(),
    'domain.yaml': domain.toString(),
  });
}

test('previews which readers would gain and lose records by another policy', async () => {
  await place.import([await place.write('b.json', bulletinsFile(7))]);
  const narrower = without('J03');
  const lost = await previewPolicy(store, policy, narrower);
  expect(lost.looked).toBe(21);
  expect(lost.gains).toEqual([]);
  expect(lost.losses.map(({ what, records }) => [what, records])).toEqual([
    ['Note: organisations registered in cyber-defence (read, search) in exercise:import', 14],
    ['Bulletin: organisations registered in cyber-defence (read, search) in exercise:import', 7],
  ]);
  const gained = await previewPolicy(store, narrower, policy);
  expect([gained.gains, gained.losses]).toEqual([lost.losses, []]);
  expect(await previewPolicy(store, policy, policy)).toMatchObject({ gains: [], losses: [] });
});

test('raises an alarm with the former readers when a record becomes stricter', async () => {
  await place.import([await place.write('b.json', bulletinsFile(2))]);
  expect(await newestAlarms(store, 10)).toEqual([]);
  const stricter = bulletinsFile(2, (one, at) => (at === 1 ? { ...one, tlp: 'AMBER' } : one));
  await place.import([await place.write('b.json', stricter)]);
  const [alarm, ...others] = await newestAlarms(store, 10);
  expect(others).toEqual([]);
  expect(alarm).toMatchObject({ record: expect.stringMatching(/^Bulletin:/), since: expect.any(Date) });
  expect(alarm?.lost.map(formatKey)).toEqual([
    'organisations registered in cyber-defence (read, search) in exercise:import',
  ]);
});

test('takes a community out and back in by the switch, and keeps every use of it', async () => {
  const followed = followSwitch(store, (error) => {
    throw error;
  });
  const until = async (out: boolean) => {
    while (followed.isOut() !== out) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  expect(followed.isOut()).toBe(false);
  await turnSwitch(store, true, 'operator', 'EXERCISE: a leak is looked into', new Date());
  await until(true);
  await turnSwitch(store, false, 'operator', 'EXERCISE: it was none', new Date());
  await until(false);
  followed.stop();
  expect(await lastTurn(store)).toMatchObject({ _id: 2, out: false, because: 'EXERCISE: it was none' });
});

test('formats every access key of the policy, each differently', async () => {
  await place.import([await place.write('b.json', bulletinsFile(1))]);
  const [bulletin] = await place.client.db().collection('bulletins').find().toArray();
  const keys: readonly string[] = bulletin?.['admits'] ?? [];
  const said = keys.map(formatKey);
  expect(said.length).toBeGreaterThan(1);
  expect(new Set(said).size).toBe(said.length);
  for (const key of keys) expect(readKey(key)).toMatchObject({ picture: 'exercise:import' });
  expect(readKey('nonsense')).toBeNull();
});
