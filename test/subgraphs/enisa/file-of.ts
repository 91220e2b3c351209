import { expect } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/enisa/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { movingIn, type Payload } from '../../helpers/moving.ts';
import { readerOf } from '../../helpers/records.ts';

/** The acts of readers in ENISA's part of the graph. */
export const { askAt, makeMove } = movingIn(community);

/** The CSIRT that opens the files of the tests. */
export const csirt = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
/** The contact point of the same organisation. */
export const contact = { ...csirt, subject: 'c', roles: ['single-point-of-contact'] };
/** A supervisor of another authority of the same Member State. */
export const supervisor = readerOf({ organisation: 'authority-fr', subject: 's', roles: ['supervisor'] });
/** The CSIRT of another Member State. */
export const polish = readerOf({
  organisation: 'csirt-pl',
  subject: 'p',
  roles: ['csirt-analyst'],
  memberState: 'PL',
});
/** The contact point of another Member State. */
export const polishContact = { ...polish, subject: 'pc', roles: ['single-point-of-contact'] };
/** An analyst of ENISA. */
export const enisa = readerOf({
  organisation: 'enisa',
  subject: 'e',
  roles: ['enisa-analyst'],
  memberState: null,
});

/** A stage as the graph shows it to a reader. */
export type Stage = {
  readonly stage: string;
  readonly version: number;
  readonly state: string;
  readonly startedAt: string | null;
  readonly dueAt: string | null;
  readonly latestAt: string | null;
  readonly submittedAt: string | null;
  readonly late: boolean | null;
  readonly possibleMoves: readonly string[];
  readonly moves: readonly { readonly move: string }[];
};

/** A file as the graph shows it to a reader. */
export type File = {
  readonly envelope: { readonly version: number };
  readonly progress: { readonly state: string; readonly possibleMoves: readonly string[] } | null;
  readonly threads: readonly Stage[] | null;
} & Readonly<Record<string, unknown>>;

const query = `query Q($id: ID!) {
  notificationFile(id: $id) {
    envelope { version } entityName entityPseudonym sector regime mitigation
    otherStatesAffected { id } otherStatesInformedAt
    progress { state underRegime informed possibleMoves moves { move by { id } values { name values } } }
    threads {
      stage version state since startedAt dueAt latestAt submittedAt late possibleMoves moves { move by { id } }
    }
  }
}`;

/** The content of a file. */
export const content = {
  memberState: 'FR',
  entityPseudonym: 'EX-ENTITY-01',
  entityName: 'EXERCISE: a hospital',
  entityClass: 'ESSENTIAL',
  sector: 'health',
  awareAt: '2026-03-02T09:20:00.000Z',
};

/** Returns what a refused move answers. */
export const refusedAs = (code: string, more: object = {}) => [expect.objectContaining({ code, ...more })];

/** Returns the acts of a test on files in a store that is opened before the tests. */
export function filesIn(storeOf: () => CommunityStore) {
  async function tryOpen(
    at: Date,
    {
      of = content,
      reader = csirt,
      ...more
    }: { of?: object; reader?: Reader } & Record<string, unknown> = {},
  ): Promise<Payload> {
    return await makeMove({ store: storeOf(), reader, now: at }, 'NotificationFile', 'open', {
      content: of,
      underRegime: 'NIS2',
      ...more,
    });
  }

  async function opened(at: Date, more: Parameters<typeof tryOpen>[1] = {}): Promise<string> {
    const { record, userErrors } = await tryOpen(at, more);
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function find(reader: Reader, id: string, now: Date): Promise<File | null> {
    return await askAt<File | null>({ store: storeOf(), reader, now }, query, { id });
  }

  async function seen(reader: Reader, id: string, now: Date): Promise<File> {
    const found = await find(reader, id, now);
    if (found === null) throw new Error('expected a file that the reader may see');
    return found;
  }

  /** Returns the stages as the CSIRT sees them, by name. */
  async function stages(id: string, now: Date): Promise<Readonly<Record<string, Stage>>> {
    const { threads } = await seen(csirt, id, now);
    return Object.fromEntries((threads ?? []).map((one) => [one.stage, one]));
  }

  /** Makes a move of the file on its current version. Returns the reasons of a refusal. */
  async function move(reader: Reader, name: string, id: string, now: Date, input: object = {}) {
    const { envelope } = await seen(csirt, id, now);
    const given = { id, expectedVersion: envelope.version, ...input };
    return (await makeMove({ store: storeOf(), reader, now }, 'NotificationFile', name, given)).userErrors;
  }

  /** Makes a move of a stage on its current version. Returns the reasons of a refusal. */
  async function moveStage(
    reader: Reader,
    name: string,
    on: { readonly id: string; readonly stage: string },
    now: Date,
    input: object = {},
  ) {
    const expectedVersion = (await stages(on.id, now))[on.stage]?.version ?? 1;
    const given = { ...on, expectedVersion, ...input };
    return (await makeMove({ store: storeOf(), reader, now }, 'NotificationFile', name, given)).userErrors;
  }

  return { tryOpen, opened, find, seen, stages, move, moveStage };
}
