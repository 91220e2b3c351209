import { expect } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** The office that leads a case. */
export const leads = [{ office: 'case-lead', until: '2027-01-01T00:00:00.000Z' }];
/** The person who drafts the cases. */
export const drafter = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
/** A coordinator of the proposed lead, without the office. */
export const coordinator = readerOf({ organisation: 'enisa', subject: 'k', roles: ['joint-coordinator'] });
/** A person who leads the cases. */
export const lead = readerOf({
  organisation: 'enisa',
  subject: 'l',
  roles: ['joint-coordinator'],
  offices: leads,
});
/** Another person of the leading organisation. */
export const secondLead = { ...lead, subject: 'l-2' };
/** Returns the duty officer of an organisation. */
export const officer = (organisation: string, memberState: string | null = null) =>
  readerOf({ organisation, subject: `duty-${organisation}`, roles: ['duty-officer'], memberState });
/** The duty officer of an invited organisation. */
export const polish = officer('csirt-pl', 'PL');
/** The duty officer of another invited organisation. */
export const certEu = officer('cert-eu');
/** A person with every role and office, of an organisation outside the case. */
export const stranger = readerOf({
  organisation: 'csirt-de',
  subject: 'x',
  roles: ['csirt-analyst', 'duty-officer', 'joint-coordinator'],
  offices: leads,
});

/** Returns a time of the tests: `at('03T10:00')`. */
export const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const everybody = ['csirt-fr', 'enisa', 'csirt-pl', 'cert-eu', 'crisis-pl'];
/** Returns the reading of a case for these organisations. */
export const reading = (organisations: readonly string[]) => ({
  marking: { tlp: 'AMBER' },
  audience: { reach: 'NAMED', organisations },
});

/** A case as the graph shows it to a reader. */
export type Shown = {
  readonly envelope: {
    readonly version: number;
    readonly audience: { readonly organisations: readonly { readonly id: string }[] };
  };
  readonly workflow: string;
  readonly lead: { readonly id: string } | null;
  readonly phase: string | null;
  readonly nextReviewAt: string | null;
  readonly progress: {
    readonly proposal: { readonly id: string } | null;
    readonly possibleMoves: readonly string[];
  } & Readonly<Record<string, unknown>>;
};

const query = `query Q($id: ID!) {
  jointCaseRecord(id: $id) {
    envelope { version audience { organisations { id } } } workflow lead { id } phase nextReviewAt
    progress {
      state drafter lead offeredTo invited joined declined left phase phaseSince silenceUntil objectedBy agreedBy possibleMoves
      proposal { id move } moves { move by { id } values { name values } }
    }
  }
}`;

/** The values of the move that opens a case. */
export const opening = {
  lead: 'enisa',
  invited: ['csirt-pl', 'csirt-fr', 'cert-eu'],
  purposes: ['incident-response'],
  highestMarking: 'AMBER',
  nextReviewAt: '2026-11-04T10:00:00.000Z',
};
/** A reason. */
export const reason = 'EXERCISE';
/** Returns what a refused move answers. */
export const refusedAs = (code: string, more: object = {}) => [expect.objectContaining({ code, ...more })];

/** Returns the acts of a test on joint cases in a store that is opened before the tests. */
export function casesIn(storeOf: () => CommunityStore) {
  async function tryDraft(content: object = {}, more: object = {}, reader = drafter): Promise<Payload> {
    return await makeMove({ store: storeOf(), reader, now: at('03T10:00') }, 'JointCaseRecord', 'draft', {
      content: { case: 'JC-2026-0007', title: 'EXERCISE Blue Heron', ...content },
      why: 'EXERCISE: two hospitals',
      proposedLead: 'enisa',
      reading: reading(everybody),
      ...more,
    });
  }

  async function drafted(more: object = {}): Promise<string> {
    const { record, userErrors } = await tryDraft({}, more);
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function find(reader: Reader, id: string, time: string): Promise<Shown | null> {
    return await askAt<Shown | null>({ store: storeOf(), reader, now: at(time) }, query, { id });
  }

  async function seen(reader: Reader, id: string, time: string): Promise<Shown> {
    const found = await find(reader, id, time);
    if (found === null) throw new Error('expected a case that the reader may see');
    return found;
  }

  async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
    // The drafter's organisation always reads the case.
    const { envelope } = await seen(drafter, id, time);
    const given = { id, expectedVersion: envelope.version, ...input };
    return (await makeMove({ store: storeOf(), reader, now: at(time) }, 'JointCaseRecord', name, given))
      .userErrors;
  }

  async function opened(): Promise<string> {
    const id = await drafted();
    expect(await move(coordinator, 'open', id, '03T11:00', opening)).toEqual([]);
    return id;
  }

  async function active(): Promise<string> {
    const id = await opened();
    expect(await move(lead, 'activate', id, '03T12:00', { reason })).toEqual([]);
    expect(await move(polish, 'join', id, '03T12:10')).toEqual([]);
    expect(await move(officer('csirt-fr', 'FR'), 'join', id, '03T12:11')).toEqual([]);
    return id;
  }

  async function remove(id: string, organisation: string, time: string): Promise<void> {
    expect(await move(lead, 'remove', id, `${time}1`, { organisation, reason })).toEqual([]);
    const proposal = (await seen(lead, id, `${time}2`)).progress.proposal?.id ?? '';
    expect(await move(secondLead, 'confirmProposed', id, `${time}3`, { proposal })).toEqual([]);
  }

  return { tryDraft, drafted, find, seen, move, opened, active, remove };
}

/** Stores the name of an actor, which no codename may have. */
export async function nameActor(store: CommunityStore): Promise<void> {
  await store.connection.collection<{ _id: string }>('aliases').insertOne({
    _id: 'table|sandworm',
    table: 'table',
    normal: 'sandworm',
    name: 'Sandworm',
    keys: ['ThreatActor:sandworm'],
    canonical: true,
  } as { _id: string });
}
