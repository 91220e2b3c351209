import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** The CSIRT that asks for help. */
export const asker = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
/** The desk of the mechanism, which decides on the request and makes the offers. */
export const desk = readerOf({ organisation: 'csirt-nl', subject: 'd', roles: ['csirt-analyst'] });
/** The desk of another mobilisation. */
export const otherDesk = readerOf({ organisation: 'csirt-be', subject: 'b', roles: ['csirt-analyst'] });
/** A person of the provider of the teams. */
export const provider = readerOf({ organisation: 'csirt-de', subject: 'p', roles: ['csirt-analyst'] });
/** An analyst who reads the teams and takes part in nothing. */
export const reader = readerOf({ organisation: 'csirt-pl', subject: 'x', roles: ['csirt-analyst'] });
/** The operator of the store, who enters the teams. */
export const operator = readerOf({
  organisation: 'joint-unit',
  subject: 'o',
  roles: ['community-operator'],
  memberState: null,
});

/** A time in November 2026: `at('03T10:00')`. */
export const at = (time: string): Date => new Date(`2026-11-${time}:00Z`);

const allReaders = ['csirt-fr', 'csirt-nl', 'csirt-be', 'csirt-de', 'csirt-pl', 'joint-unit'];
const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations: allReaders } };

/** An expert who fits each mobilisation of the tests. */
export const expert = { pseudonym: 'EX-M1', profile: 'forensics', languages: ['fr', 'en'] };

/** Returns new persons, so that offers in different tests are for different ones. */
export function personsOf(): (more?: object) => typeof expert {
  let persons = 0;
  return (more = {}) => ({ ...expert, pseudonym: `EX-P${(persons += 1)}`, ...more });
}

/** Returns what a refused move answers. */
export const refusedAs = (code: string, more: object = {}) => [expect.objectContaining({ code, ...more })];
/** Returns a refusal that says this, among others. */
export const telling = (text: string) => ({ message: expect.stringContaining(text) });

/** The period of the offers, unless a test states another. */
export const week = { from: '2026-11-10T08:00:00.000Z', until: '2026-11-17T08:00:00.000Z' };

/** A unit as the graph shows it to a reader. */
export type Unit = {
  readonly unit: string;
  readonly version: number;
  readonly state: string;
  readonly mobilisation: string | null;
  readonly desk: string | null;
  readonly from: string | null;
  readonly until: string | null;
  readonly possibleMoves: readonly string[];
  readonly moves: readonly { readonly move: string; readonly by: { readonly id: string } | null }[];
};

const query = `query Q($id: ID!) {
  responseTeam(id: $id) {
    members { pseudonym }
    threads {
      unit version state mobilisation desk from until possibleMoves
      moves { move by { id } values { name values } }
    }
  }
}`;

/** Returns the acts of a test on teams and mobilisations in a store that is opened before the tests. */
export function bookingsIn(storeOf: () => CommunityStore) {
  async function change(by: Reader, now: Date, name: string, input: object): Promise<Payload> {
    const type = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    const source = `mutation M($input: ${type}Input!) {
      ${name}(input: $input) { record { id } userErrors { code path message } }
    }`;
    return await askAt<Payload>({ store: storeOf(), reader: by, now }, source, {
      input: { key: randomUUID(), ...input },
    });
  }

  /** Enters a team of the provider, with readers who take no part too. */
  async function team(content: object = {}, more: object = {}): Promise<string> {
    const { record, userErrors } = await change(operator, at('01T08:00'), 'createResponseTeam', {
      content: {
        name: 'EXERCISE team',
        kind: 'CSIRTS_NETWORK_PEER',
        provider: 'csirt-de',
        members: [expert],
        ...content,
      },
      reading,
      ...more,
    });
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  }

  async function onMobilisation(
    by: Reader,
    id: string,
    version: number,
    time: string,
    name: string,
    input: object,
  ) {
    const given = { id, expectedVersion: version, ...input };
    const now = at(time);
    const made = await makeMove({ store: storeOf(), reader: by, now }, 'Mobilisation', name, given);
    expect(made.userErrors).toEqual([]);
  }

  /** Drafts a mobilisation and requests it. The desk has not decided. */
  async function requested(content: object = {}, by: Reader = desk, others = allReaders): Promise<string> {
    const readers = { ...reading, audience: { reach: 'NAMED', organisations: others } };
    const now = at('03T09:00');
    const made = await makeMove({ store: storeOf(), reader: asker, now }, 'Mobilisation', 'draft', {
      content: { mechanism: 'CSIRTS_NETWORK_PEER', via: 'csirt-fr', ...content },
      decider: by.organisation,
      reading: readers,
    });
    expect(made.userErrors).toEqual([]);
    const id = made.record?.id ?? '';
    await onMobilisation(asker, id, 1, '03T09:01', 'request', { estimatedNeeds: 'EXERCISE: an expert' });
    return id;
  }

  /** Returns a mobilisation that its desk accepted, so that a team is sought. */
  async function sought(content: object = {}, by: Reader = desk, others = allReaders): Promise<string> {
    const id = await requested(content, by, others);
    const texts = ['EXERCISE'];
    await onMobilisation(by, id, 2, '03T09:02', 'assess', {
      criteria: texts,
      available: texts,
      reasons: texts,
    });
    const accept = { to: 'ACCEPTED', services: texts, provider: 'csirt-de', from: week.from };
    await onMobilisation({ ...by, subject: `${by.subject}-2` }, id, 3, '03T09:03', 'accept', accept);
    return id;
  }

  async function find(by: Reader, id: string, time: string): Promise<readonly Unit[] | null> {
    const found = await askAt<{ readonly threads: readonly Unit[] } | null>(
      { store: storeOf(), reader: by, now: at(time) },
      query,
      { id },
    );
    return found?.threads ?? null;
  }

  async function unit(by: Reader, id: string, time: string, name = expert.pseudonym): Promise<Unit> {
    const found = (await find(by, id, time))?.find((one) => one.unit === name);
    if (found === undefined) throw new Error('expected a unit that the reader may see');
    return found;
  }

  /** Makes a move of a unit on its current version. Returns the reasons of a refusal. */
  async function move(by: Reader, name: string, id: string, time: string, input: object = {}) {
    const { unit: of = expert.pseudonym } = input as { readonly unit?: string };
    const shown = (await find(provider, id, time))?.find((one) => one.unit === of);
    const given = { id, unit: of, expectedVersion: shown?.version ?? 0, ...input };
    const on = { store: storeOf(), reader: by, now: at(time) };
    return (await makeMove(on, 'ResponseTeam', name, given)).userErrors;
  }

  /** Offers the expert for a mobilisation. Returns the reasons of a refusal. */
  async function offer(by: Reader, id: string, time: string, input: object) {
    return await move(by, 'offer', id, time, { ...week, reasons: 'EXERCISE', ...input });
  }

  return { change, team, requested, sought, onMobilisation, find, unit, move, offer };
}
