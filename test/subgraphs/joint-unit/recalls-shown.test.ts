import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { deadlinesKey } from '../../../schema/workflow/deadline-key.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf } from '../../helpers/records.ts';
import { inboxPage, namesOf, noticesOf } from './inbox-of.ts';
import { askAt } from './moves-of.ts';
import {
  at,
  content,
  french,
  german,
  polish,
  recalled,
  recallsIn,
  addressed,
  stranger,
} from './recall-of.ts';

/** The recipients of a recall do not see each other. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { tryIssue, issued, seen, seenWithoutId, act } = recallsIn(() => store);

test('shows a recipient its own thread and nothing that another one does', async () => {
  const [id, quiet] = [await issued(), await issued()];
  const alone = await issued(['csirt-pl']);
  await act(german, id);
  const after = await seenWithoutId(polish, id, '13:00');
  expect(after).toEqual(await seenWithoutId(polish, quiet, '13:00'));
  expect(after).toEqual(await seenWithoutId(polish, alone, '13:00'));
  expect(after).toMatchObject({
    ...content,
    recordId: null,
    envelope: { version: 1, modifiedAt: null },
    recipients: [{ organisation: { id: 'Organisation:csirt-pl' }, acknowledgedAt: null }],
    progress: null,
    threads: [{ recipient: { id: 'Organisation:csirt-pl' }, version: 1, state: 'TOLD' }],
  });
  await expect(
    askAt(
      { store, reader: polish, now: at('13:00') },
      'query Q($id: ID!) { recall(id: $id) { envelope { audience { organisations { id } } } } }',
      { id },
    ),
  ).resolves.toEqual({ envelope: { audience: null } });
});

test('tells the recipients and the originator, and no recipient of another one', async () => {
  const id = await issued();
  await act(german, id);
  const names = async (reader: Reader) => namesOf(await noticesOf(store, reader, at('11:30'), id));
  expect(await names(polish)).toEqual(['csirt-pl issue']);
  expect(await names(german)).toEqual(['csirt-de issue']);
  expect(await names(french)).toEqual(['tell', 'csirt-de ack', 'csirt-de act']);
  await act(polish, id);
  expect(await names(french)).toContain('complete');
  expect(await names(polish)).toEqual(['csirt-pl issue']);
  const others = (await inboxPage({ store, reader: stranger, now: at('11:30') }))?.edges ?? [];
  expect(others).toEqual([]);
});

test('shows a recipient no deadline and no task of the recall itself', async () => {
  const id = await issued();
  const source = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Tasks { listed: jointUnit { recordId workflow } }
    ... on Deadlines { listed: jointUnit { recordId workflow } }
  } }`;
  const representations = [
    { __typename: 'Tasks', id: 'Tasks:own' },
    { __typename: 'Deadlines', id: deadlinesKey({ from: at('09:00'), to: at('20:00') }) },
  ];
  const workflowsSeen = async (reader: Reader) => {
    const now = { store, reader, now: at('10:01') };
    const found = await askAt<
      readonly { readonly listed: readonly { readonly recordId: string; readonly workflow: string }[] }[]
    >(now, source, { representations });
    const all = found.flatMap(({ listed }) => listed).filter(({ recordId }) => recordId === id);
    return new Set(all.map(({ workflow }) => workflow));
  };
  expect(await workflowsSeen(german)).toEqual(new Set(['recall-recipient']));
  expect(await workflowsSeen(french)).toEqual(new Set(['recall', 'recall-recipient']));
});

test('shows each recipient of an imported recall itself only', async () => {
  const envelope = envelopeOf({
    originator: 'csirt-fr',
    custodian: 'joint-unit',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: addressed.organisations }),
  });
  const { admits, early } = policy.admittedKeys(envelope, 'Recall');
  const id = `Recall:${randomUUID()}`;
  const recipients = addressed.organisations.map((one) => ({
    organisation: `Organisation:${one}`,
    acknowledgedAt: null,
  }));
  const rest = { schemaVersion: 1, feed: 'own', sortAt: new Date(0), openFrom: new Date(0), contentHash: '' };
  const keys = { admits, admitsEarly: early, policy: policy.version };
  await recordsOf(store, 'Recall').insertOne({
    _id: id,
    ...rest,
    ...keys,
    envelope,
    content: { recordId: recalled, reason: 'ERROR', recipients },
  });
  const named = async (reader: Reader) =>
    (await seen(reader, id, '10:00'))?.recipients.map(({ organisation }) => organisation.id);
  expect(await named(french)).toEqual(['Organisation:csirt-de', 'Organisation:csirt-pl']);
  expect(await named(german)).toEqual(['Organisation:csirt-de']);
});

test('finds recalls by the record, for those who may read them', async () => {
  const record = `MispEvent:${randomUUID()}`;
  const { userErrors } = await tryIssue({ recordId: record }, { addressed: { ...addressed, record } });
  expect(userErrors).toEqual([]);
  const found = async (reader: Reader) => {
    const source = 'query Q($record: ID!) { recalls(filter: { recordId: $record }) { nodes { recordId } } }';
    const page = await askAt<{ readonly nodes: readonly unknown[] }>(
      { store, reader, now: at('10:30') },
      source,
      { record },
    );
    return page.nodes;
  };
  expect(await found(french)).toEqual([{ recordId: record }]);
  expect(await found(german)).toEqual([{ recordId: record }]);
  expect(await found(stranger)).toEqual([]);
});
