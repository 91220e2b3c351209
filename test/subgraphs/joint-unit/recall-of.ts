import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Addressed } from '../../../schema/protocol/addressed.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove } from './moves-of.ts';

export const csirt = (organisation: string, more: Partial<Reader> = {}) =>
  readerOf({ organisation, subject: organisation, roles: ['csirt-analyst'], ...more });
export const french = csirt('csirt-fr');
export const secondFrench = csirt('csirt-fr', { subject: 'second' });
export const lead = csirt('csirt-fr', {
  offices: [{ office: 'case-lead', until: '2027-01-01T00:00:00.000Z' }],
});
export const german = csirt('csirt-de');
export const polish = csirt('csirt-pl');
export const stranger = csirt('csirt-ee');

export const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
export const recalled = 'MispEvent:0b6f1d0e-0000-4000-8000-000000000001';
export const addressed: Addressed = { record: recalled, organisations: ['csirt-de', 'csirt-pl'] };
export const content = {
  recordId: recalled,
  reason: 'ERROR',
  action: 'UN_BLOCK',
  use: 'BLOCKING_OR_DETECTION',
};

export const done = { done: 'EXERCISE: removed from the proxies', wentTo: ['EXERCISE proxy'] };

type Thread = Readonly<Record<string, unknown>> & { readonly recipient: { readonly id: string } };
type Shown = Readonly<Record<string, unknown>> & {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly recipients: readonly { readonly organisation: { readonly id: string } }[];
  readonly threads: readonly Thread[];
  readonly progress:
    (Readonly<Record<string, unknown>> & { readonly proposal: { id: string } | null }) | null;
};

const fields = `{
  id
  envelope { version modifiedAt { utc } recordState }
  recordId by { id } reason action use dueAt
  recipients { organisation { id } acknowledgedAt }
  progress { state since silent residualRisk possibleMoves proposal { id } moves { move } }
  threads {
    recipient { id } version state since acknowledgedAt done wentTo exceptions legalReason possibleMoves
    moves { move by { id } happenedAt values { name values } }
  }
}`;

/** Returns the acts of a test on recalls in a store that is opened before the tests. */
export function recallsIn(storeOf: () => CommunityStore) {
  async function tryIssue(
    more: object = {},
    by: { reader?: Reader; addressed?: Addressed | undefined } = {},
  ) {
    const hub = 'addressed' in by ? by.addressed : addressed;
    const now = {
      store: storeOf(),
      reader: by.reader ?? french,
      now: at('10:00'),
      ...(hub && { addressed: hub }),
    };
    return await makeMove(now, 'Recall', 'issue', { content: { ...content, ...more } });
  }

  async function issued(organisations = addressed.organisations): Promise<string> {
    // A record has one recall at a time.
    const recordId = `MispEvent:${randomUUID()}`;
    const stated = { addressed: { record: recordId, organisations } };
    const { record, userErrors } = await tryIssue({ recordId }, stated);
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function seen(reader: Reader, id: string, time: string): Promise<Shown | null> {
    return await askAt(
      { store: storeOf(), reader, now: at(time) },
      `query Q($id: ID!) { recall(id: $id) ${fields} }`,
      {
        id,
      },
    );
  }

  /** Returns a recall as a reader sees it, without its id and that of its record, to compare it with another one. */
  async function seenWithoutId(reader: Reader, id: string, time: string) {
    return { ...(await seen(reader, id, time)), id: null, recordId: null };
  }

  async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
    return (await makeMove({ store: storeOf(), reader, now: at(time) }, 'Recall', name, { id, ...input }))
      .userErrors;
  }

  async function act(reader: Reader, id: string): Promise<void> {
    expect(await move(reader, 'ack', id, '10:30')).toEqual([]);
    expect(await move(reader, 'act', id, '11:00', { expectedVersion: 2, ...done })).toEqual([]);
  }

  async function statesOf(id: string, time: string): Promise<readonly unknown[]> {
    return (await seen(french, id, time))?.threads.map(({ state }) => state) ?? [];
  }

  return { tryIssue, issued, seen, seenWithoutId, move, act, statesOf };
}
