import { expect } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { deadlinesKey } from '../../../schema/workflow/deadline-key.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { inboxPage } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';
import { csirt, french } from './recall-of.ts';

/** Officers on duty of two recipients. */
export const germanOnDuty = csirt('csirt-de', {
  subject: 'de-duty',
  roles: ['csirt-analyst', 'duty-officer'],
});
export const polishOnDuty = csirt('csirt-pl', {
  subject: 'pl-duty',
  roles: ['csirt-analyst', 'duty-officer'],
});

export const at = (time: string) => new Date(`2026-11-${time}:00Z`);
export const content = {
  trigger: 'PERSONAL_DATA_BREACH',
  about: 'UnionIncident:0b6f1d0e-0000-4000-8000-000000000001',
  reference: 'EXERCISE: case 12',
  eventAt: '2026-11-03T08:20:00.000Z',
  text: 'EXERCISE: addresses of customers were read',
};
/** 72 hours after the event. The hour of the event does not count. */
export const dueAt = '2026-11-06T09:00:00.000Z';
export const sent = { channel: 'EXERCISE: telephone', message: 'EXERCISE: as in the text' };

type Thread = Readonly<Record<string, unknown>> & {
  readonly recipient: { readonly id: string };
  readonly state: string;
};
type Shown = Readonly<Record<string, unknown>> & {
  readonly threads: readonly Thread[];
  readonly progress: (Readonly<Record<string, unknown>> & { readonly state: string }) | null;
};

const fields = `{
  id trigger about reference case { id } eventAt obliged { id } dueAt text
  envelope { version modifiedAt { utc } receivedAt recordState audience { organisations { id } } onwardShares { by { id } } }
  progress { state since reason possibleMoves moves { move } }
  threads { recipient { id } version state since possibleMoves moves { move by { id } happenedAt values { name values } } }
}`;

const listing = `query Q($filter: NotificationDutyFilter) {
  notificationDuties(filter: $filter) { total { value } nodes { id } }
}`;

const due = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Tasks { listed: jointUnit { recordId thread { id } workflow mutations } }
  ... on Deadlines { listed: jointUnit { recordId thread { id } workflow name dueAt obliged { id } } }
} }`;

type Due = Readonly<Record<string, unknown>> & { readonly recordId: string };

/** Returns the acts of a test on duties to notify in a store that is opened before the tests. */
export function dutiesIn(storeOf: () => CommunityStore) {
  async function tryOpen(
    addressees: readonly string[],
    {
      reader = french,
      reading,
      ...more
    }: { reader?: Reader; reading?: object } & Record<string, unknown> = {},
  ): Promise<Payload> {
    const input = { content: { ...content, ...more }, addressees, ...(reading && { reading }) };
    return await makeMove(
      { store: storeOf(), reader, now: at('03T10:00') },
      'NotificationDuty',
      'open',
      input,
    );
  }

  async function opened(addressees = ['csirt-de', 'csirt-pl'], more: object = {}): Promise<string> {
    const { record, userErrors } = await tryOpen(addressees, more as Record<string, unknown>);
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function seen(reader: Reader, id: string, now: Date): Promise<Shown | null> {
    const query = `query Q($id: ID!) { notificationDuty(id: $id) ${fields} }`;
    return await askAt<Shown | null>({ store: storeOf(), reader, now }, query, { id });
  }

  async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
    const now = { store: storeOf(), reader, now: at(time) };
    return (await makeMove(now, 'NotificationDuty', name, { id, ...input })).userErrors;
  }

  async function send(id: string, recipient: string, time = '03T11:00'): Promise<void> {
    expect(await move(french, 'send', id, time, { recipient, ...sent })).toEqual([]);
  }

  async function dueFor(reader: Reader, now: Date): Promise<readonly Due[]> {
    const representations = [
      { __typename: 'Tasks', id: 'Tasks:own' },
      { __typename: 'Deadlines', id: deadlinesKey({ from: at('01T00:00'), to: at('30T00:00') }) },
    ];
    const found = await askAt<readonly { readonly listed: readonly Due[] }[]>(
      { store: storeOf(), reader, now },
      due,
      { representations },
    );
    return found.flatMap(({ listed }) => listed);
  }

  /** Returns all that a reader can find of duties: the record, lists and counts, notices, tasks and deadlines. */
  async function everythingFor(reader: Reader, id: string, now: Date) {
    const lists = await Promise.all(
      [{}, { about: content.about }, { trigger: content.trigger }].map(
        async (filter) => await askAt({ store: storeOf(), reader, now }, listing, { filter }),
      ),
    );
    const notices = await inboxPage({ store: storeOf(), reader, now });
    return { record: await seen(reader, id, now), lists, notices, due: await dueFor(reader, now) };
  }

  return { tryOpen, opened, seen, move, send, dueFor, everythingFor };
}
