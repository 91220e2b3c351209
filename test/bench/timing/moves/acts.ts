import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { capital } from '../../../../schema/workflow/graph/names.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { progressIn } from '../../../../subgraphs/serve/workflow/progress-store.ts';
import { type At, movingIn, type Payload } from '../../../helpers/moving.ts';
import { readerOf } from '../../../helpers/records.ts';
import type { Road } from '../road.ts';

type Input = Readonly<Record<string, unknown>>;

/** The time of all requests that are measured. */
export const now = new Date('2026-11-03T10:00:00Z');
/** The time at which the records are made. */
const earlier = new Date('2026-11-03T09:00:00Z');

/** A person of an organisation with these roles, whose subject is the name of the organisation. */
export function personOf(organisation: string, roles: readonly string[], more: Partial<Reader> = {}): Reader {
  return readerOf({ organisation, subject: organisation, roles: [...roles], ...more });
}

/** The operator of the joint unit's store. */
export const operator = personOf('joint-unit', ['community-operator'], { memberState: null });

/** The reading of a record that these organisations see. */
export function readingFor(...organisations: readonly string[]) {
  return { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations } };
}

/** The acts of readers in a store: those that make the records, and the requests that are measured. */
export class Acts {
  readonly #store: CommunityStore;
  readonly #acting: ReturnType<typeof movingIn>;

  constructor(community: CommunityPart, store: CommunityStore) {
    this.#store = store;
    this.#acting = movingIn(community);
  }

  /** Makes a move on the version that the record has now. Returns the id of the record. Throws if it is refused. */
  async make(
    reader: Reader,
    kind: string,
    move: string,
    input: Input,
    more: Partial<At> = {},
  ): Promise<string> {
    const { id } = input;
    const expectedVersion = typeof id === 'string' ? await this.versionOf(kind, id) : undefined;
    const given = { ...(expectedVersion !== undefined && { expectedVersion }), ...input };
    const at = { store: this.#store, reader, now: earlier, ...more };
    return idIn(await this.#acting.makeMove(at, kind, move, given), `${kind}.${move}`);
  }

  /** Creates a record by hand. Returns its id. Throws if it is refused. */
  async create(reader: Reader, kind: string, content: object, reading: object): Promise<string> {
    const input = { content, reading };
    return idIn(await this.#send<Payload>(reader, `create${kind}`, input, 'record { id }', earlier), kind);
  }

  /** Returns the request of a move, of which each call has a new key. */
  moving(reader: Reader, kind: string, move: string, input: Input): () => Promise<unknown> {
    return async () =>
      await this.#acting.makeMove({ store: this.#store, reader, now }, kind, move, {
        key: randomUUID(),
        ...input,
      });
  }

  /** Returns the request of a mutation on records of any kind. */
  changing(reader: Reader, name: string, input: Input, type: string): () => Promise<unknown> {
    return async () => await this.#send(reader, name, input, 'id version', now, type);
  }

  /** Returns the request of a query. */
  asking(reader: Reader, query: string, variables: Input = {}): () => Promise<unknown> {
    return async () => await this.#acting.askAt({ store: this.#store, reader, now }, query, variables);
  }

  /** Returns the version of a record that was made. */
  async versionOf(kind: string, id: string): Promise<number | undefined> {
    const found = await recordsOf(this.#store, kind).findOne({ _id: id }, { projection: { envelope: 1 } });
    return found?.envelope.version;
  }

  /** Returns the id of the move that waits for a second person. */
  async proposalOf(id: string): Promise<string | undefined> {
    const found = await progressIn(this.#store).findOne({ _id: id });
    return found?.proposals?.[0]?.id;
  }

  async #send<Answer>(
    reader: Reader,
    name: string,
    input: Input,
    fields: string,
    time: Date,
    type = `${capital(name)}Input`,
  ): Promise<Answer> {
    const source = `mutation M($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { code path message } } }`;
    const at = { store: this.#store, reader, now: time };
    return await this.#acting.askAt<Answer>(at, source, { input: { key: randomUUID(), ...input } });
  }
}

function idIn({ record, userErrors }: Payload, what: string): string {
  if (record !== null && userErrors.length === 0) return record.id;
  throw new Error(`expected ${what} to be made, got ${JSON.stringify(userErrors)}`);
}

/** Returns the id of a record of a kind that does not exist. */
export function absentId(kind: string): string {
  return `${kind}:${randomUUID()}`;
}

/** Enlarges records, so that the time of a request would tell that one of them is loaded. */
export async function enlarge(store: CommunityStore, ids: readonly string[], bytes: number): Promise<void> {
  const padded = { $set: { 'content.padding': 'x'.repeat(bytes) } };
  for (const id of ids) {
    const kind = id.slice(0, id.indexOf(':'));
    await recordsOf(store, kind).updateOne({ _id: id }, padded);
  }
}

/** Throws unless both answers of each road are the same but for ids: only then do their times say something. */
export async function checkAnswers(roads: readonly Road[]): Promise<void> {
  for (const { name, hidden, absent, cleanUp } of roads) {
    const [one, other] = [textOf(await hidden()), textOf(await absent())];
    await cleanUp?.();
    if (one !== other) throw new Error(`expected the same answer for ${name}, got ${one} and ${other}`);
  }
}

function textOf(answer: unknown): string {
  return JSON.stringify(answer).replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gu, 'ID');
}
