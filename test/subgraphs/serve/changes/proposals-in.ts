import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { proposalSeen } from '../../../../subgraphs/serve/changes/proposed-releases.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import type { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { assessmentsIn, now, originator, polish } from './assessments-in.ts';

const purpose = 'incident-response' as const;
export const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
export const until = days(30);
export const onScreen = { onScreen: true } as const;
export const proposer = { ...originator, ...onScreen, subject: 'o-1' };
export const second = { ...originator, ...onScreen, subject: 'o-2' };
export const named = { ...polish, ...onScreen };
export const colleague = { ...named, subject: 'p-2' };
export const member = { organisation: 'csirt-pl', subject: named.subject };

export const own = { reach: 'NAMED', organisations: ['defence'] } as const;
export const persons = [proposer.subject, second.subject];
export const red: ReadingInput = {
  marking: { tlp: 'RED' },
  audience: { ...own, persons },
  purposes: [purpose],
};
export const amber: ReadingInput = { marking: { tlp: 'AMBER' }, audience: own, purposes: [purpose] };
export const coded = (...handlingCodes: ('H0' | 'H1' | 'H2' | 'H3')[]): ReadingInput => ({
  ...amber,
  marking: { tlp: 'AMBER', handlingCodes, h3Text: handlingCodes.includes('H3') ? 'EXERCISE' : null },
});
export const withRedField: ReadingInput = {
  ...amber,
  audience: { ...own, organisations: ['defence', 'csirt-pl'], persons },
  portions: [{ path: 'judgement', marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons } }],
};

export const refusedWith = (code: string, ...path: readonly string[]) => [
  expect.objectContaining(path.length === 0 ? { code } : { code, path }),
];
export const both = { record: true, judgement: true };
export const neither = { record: false, judgement: false };
export const forPerson = { person: named.subject };

/** Returns the acts of a test on releases that two persons make, in a store that is opened before the tests. */
export function proposalsIn(placeOf: () => InStore) {
  const { changesOf, created: createdAs, stored, granted } = assessmentsIn(placeOf);

  async function versionOf(id: string): Promise<number> {
    return (await stored(id)).envelope.version;
  }

  async function mark(id: string, reading: ReadingInput, at = now) {
    const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), reading };
    return (await changesOf(proposer, at).mark(input)).userErrors;
  }

  /** Creates a record. RED is marked after it: nobody creates a RED record. */
  async function created(reading: ReadingInput): Promise<string> {
    const id = await createdAs(amber);
    expect(await mark(id, reading)).toEqual([]);
    return id;
  }

  async function propose(reader: Reader, id: string, more: object = {}, at = now, members = [member]) {
    const terms = { to: 'csirt-pl', until, purpose: 'EXERCISE' };
    const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), ...terms, ...more };
    return (await changesOf(reader, at, members).proposals.propose(input)).userErrors;
  }

  async function act(name: 'confirm' | 'end', reader: Reader, id: string, at = now, more: object = {}) {
    const { released: [first] = [], version } = (await stored(id)).envelope;
    const given = { release: first?.id ?? '', reason: 'EXERCISE', ...more };
    const input = { key: randomUUID(), id, expectedVersion: version, ...given };
    const changes = changesOf(reader, at);
    const made = name === 'end' ? changes.endRelease(input) : changes.proposals.confirm(input);
    return (await made).userErrors;
  }

  /** Returns whether a reader with the grants of the record's releases may read it, and its judgement. */
  async function reads(reader: Reader, id: string, at = now) {
    const { envelope } = await stored(id);
    const access = policy.accessOf(await granted(reader, id), at);
    const decision = policy.decideRow(envelope, 'DefenceAssessment', access);
    return { record: decision !== null, judgement: decision !== null && !decision.hidden.has('judgement') };
  }

  async function stateOf(id: string, at = now): Promise<object | null> {
    const [one] = (await stored(id)).envelope.released ?? [];
    return one === undefined ? null : proposalSeen(one, policy.accessOf(proposer, at));
  }

  return { changesOf, stored, granted, versionOf, mark, created, propose, act, reads, stateOf };
}
