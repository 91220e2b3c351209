import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { readerOf } from '../../helpers/records.ts';
import { at, casesIn, coordinator, lead, officer, reading } from './case-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** The person who performs the role `analyst`. */
export const analyst = readerOf({ organisation: 'csirt-fr', subject: 'f-1', roles: ['csirt-analyst'] });
/** Another person of the same organisation. */
export const colleague = { ...analyst, subject: 'f-2' };
/** A person of the organisation that has the role `crisis desk` as a whole. */
export const desk = readerOf({ organisation: 'csirt-pl', subject: 'p-1', roles: ['cyclone-officer'] });
/** A reader of the run who performs no step. */
export const onlooker = readerOf({ organisation: 'cert-eu', subject: 'c-1', roles: ['cert-eu-analyst'] });
/** The operator of the store, who enters the procedures. */
export const operator = readerOf({
  organisation: 'joint-unit',
  subject: 'o',
  roles: ['community-operator'],
  memberState: null,
});
/** The duty officer of the organisation that leads the case. */
export const leadOfficer = officer('enisa');
/** The organisations that read the case, the procedure and the run. */
export const allReaders = ['csirt-fr', 'enisa', 'csirt-pl', 'cert-eu', 'crisis-pl', 'joint-unit'];

/** The steps of the procedure. The second needs evidence and must be done; the fourth waits for both before it. */
export const steps = [
  { no: 1, role: 'analyst', action: 'EXERCISE: confirm the incident', dueWithin: 'PT30M' },
  {
    no: 2,
    role: 'analyst',
    action: 'EXERCISE: inform the network',
    dueWithin: 'PT1H',
    evidence: 'EXERCISE: the reference of the message',
    ifMissed: 'EXERCISE: call the chair',
    dependsOn: [1],
    mandatory: true,
  },
  { no: 3, role: 'crisis desk', action: 'EXERCISE: call the ministries', dueWithin: 'PT2H', dependsOn: [1] },
  { no: 4, role: null, action: 'EXERCISE: write the summary', dueWithin: 'P1D', dependsOn: [2, 3] },
];

/** The performers of the roles. */
export const performers = [
  { role: 'analyst', organisation: 'csirt-fr', person: 'f-1' },
  { role: 'crisis desk', organisation: 'csirt-pl' },
];

/** A step as the graph shows it to a reader. */
export type Step = Readonly<Record<string, unknown>> & {
  readonly step: string;
  readonly version: number;
  readonly state: string;
  readonly flagged: boolean;
  readonly possibleMoves: readonly string[];
  readonly moves: readonly { readonly move: string; readonly by: { readonly id: string } | null }[];
};

/** A run as the graph shows it to a reader. */
export type Run = Readonly<Record<string, unknown>> & {
  readonly envelope: { readonly version: number };
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly progress: Readonly<Record<string, unknown>> & { readonly possibleMoves: readonly string[] };
  readonly threads: readonly Step[];
};

const query = `query Q($id: ID!) {
  procedureRun(id: $id) {
    envelope { version audience { organisations { id } } }
    procedure { id } plan { id } caseRecord { id } exercise { id } lead { id } event eventAt
    performers { role organisation { id } person }
    steps { no role action dueAt evidence ifMissed dependsOn mandatory }
    progress { state since possibleMoves moves { move by { id } values { name values } } }
    threads {
      step version state since performer performerPerson recipient recipientPerson
      evidence skipAsked reason fallback flagged possibleMoves
      moves { move by { id } values { name values } }
    }
  }
}`;

/** Returns the acts of a test on runs of procedures in a store that is opened before the tests. */
export function runsIn(storeOf: () => CommunityStore) {
  const { active } = casesIn(storeOf);

  async function change(by: Reader, name: string, input: object): Promise<Payload> {
    const type = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    const source = `mutation M($input: ${type}Input!) {
      ${name}(input: $input) { record { id } userErrors { code path message } }
    }`;
    return await askAt<Payload>({ store: storeOf(), reader: by, now: at('01T08:00') }, source, {
      input: { key: randomUUID(), ...input },
    });
  }

  /** Enters a procedure, for the readers of the case unless the test names others. */
  async function procedure(content: object = {}, of: object = reading(allReaders)): Promise<string> {
    const { record, userErrors } = await change(operator, 'createProcedure', {
      content: { title: { value: 'EXERCISE', lang: 'en' }, trigger: 'EXERCISE', steps, ...content },
      reading: of,
    });
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function tryStart(by: Reader, content: object, more: object = {}): Promise<Payload> {
    const on = { store: storeOf(), reader: by, now: at('03T13:00') };
    return await makeMove(on, 'ProcedureRun', 'start', {
      content: {
        event: 'EXERCISE: an early warning',
        eventAt: '2026-11-03T12:30:00.000Z',
        performers,
        ...content,
      },
      reading: reading(allReaders),
      ...more,
    });
  }

  /** Starts a run for a new case. */
  async function started(content: object = {}, ofProcedure: object = {}): Promise<string> {
    const of = { caseRecord: await active(), procedure: await procedure(ofProcedure) };
    const { record, userErrors } = await tryStart(lead, { ...of, ...content });
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function find(by: Reader, id: string, time: string): Promise<Run | null> {
    return await askAt<Run | null>({ store: storeOf(), reader: by, now: at(time) }, query, { id });
  }

  async function seen(by: Reader, id: string, time: string): Promise<Run> {
    const found = await find(by, id, time);
    if (found === null) throw new Error('expected a run that the reader may see');
    return found;
  }

  async function step(by: Reader, id: string, time: string, name: string): Promise<Step> {
    const found = (await seen(by, id, time)).threads.find((one) => one.step === name);
    if (found === undefined) throw new Error(`expected ${name}`);
    return found;
  }

  /** Makes a move of a step on its current version. Returns the reasons of a refusal. */
  async function move(by: Reader, name: string, id: string, time: string, input: object = {}) {
    const { step: of = 'step-1' } = input as { readonly step?: string };
    const { version } = await step(onlooker, id, time, of);
    const given = { id, step: of, expectedVersion: version, ...input };
    const on = { store: storeOf(), reader: by, now: at(time) };
    return (await makeMove(on, 'ProcedureRun', `${name}Step`, given)).userErrors;
  }

  async function abort(by: Reader, id: string, time: string) {
    const { envelope } = await seen(onlooker, id, time);
    const given = { id, expectedVersion: envelope.version, reason: 'EXERCISE: false alarm' };
    const on = { store: storeOf(), reader: by, now: at(time) };
    return (await makeMove(on, 'ProcedureRun', 'abort', given)).userErrors;
  }

  async function states(id: string, time: string): Promise<readonly string[]> {
    const { progress, threads } = await seen(onlooker, id, time);
    return [String(progress['state']), ...threads.map(({ state }) => state)];
  }

  return { change, procedure, tryStart, started, find, seen, step, move, abort, states, active };
}

export { at, coordinator, lead, reading };
