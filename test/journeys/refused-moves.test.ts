import { expect, test } from '@jest/globals';
import {
  buildSchema,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readers, type TrialReader } from '../../docker/trial/issuer/readers.ts';
import { parts } from '../../docker/trial/parts.ts';
import { inputType } from '../../schema/workflow/graph/names.ts';
import { laterMoves, mutationOf, workflowsOf } from '../../schema/workflow/served.ts';
import { type As, ask, standing } from '../helpers/ask.ts';

/**
 * Every move on every kind of record, sent over HTTP by readers to whom the graph does not offer it, with the version that
 * the store has. Each is refused, and the store keeps what it had. `npm run soak:refusals` sends them as each reader of the
 * trial, the test as one of each kind that makes no move at all.
 */

const picture = 'exercise:trial-2026';
const communities = ['joint-unit', 'enisa'] as const;
type Community = (typeof communities)[number];

const schema = buildSchema(readFileSync('schema/published.graphql', 'utf8'), { assumeValid: true });

const kinds = communities.flatMap((community) =>
  [...workflowsOf(community).values()].flatMap((kind) => {
    const moves = laterMoves(kind).map(({ move }) => ({
      mutation: mutationOf(kind.type, move),
      input: inputType(kind.type, move),
    }));
    return moves.length === 0 ? [] : [{ community, type: kind.type, moves, count: moves.length }];
  }),
);
type Move = (typeof kinds)[number]['moves'][number];

const chosen =
  process.env['JCU_EVERY_READER'] === undefined
    ? readers.filter(({ kind, client }) => kind.number > 30 || client === 'machine')
    : readers;

type Row = { readonly _id: string; readonly envelope: { readonly version: number } };

/** Returns a record of the exercise, and all that the store has on it: its document and each row that names it. */
async function storedIn(
  community: Community,
  type: string,
): Promise<{ readonly row: Row; readonly all: string }> {
  await using client = await new MongoClient(standing().uris[community] ?? '').connect();
  const database = client.db();
  const kind = parts[community].kinds.find((one) => one.type === type);
  const records = database.collection<Row>(kind?.collection ?? '');
  const row = await records.findOne({ 'envelope.exercise': picture }, { sort: { _id: 1 } });
  if (row === null) throw new Error(`expected a record of ${type} in the exercise, got none`);
  const collections = await database.listCollections({}, { nameOnly: true }).toArray();
  const rows = collections.map(async ({ name }) => {
    const found = database.collection(name).find({ $or: [{ record: row._id }, { from: row._id }] });
    return [name, await found.sort({ _id: 1 }).toArray()];
  });
  return { row, all: JSON.stringify([row, await Promise.all(rows)]) };
}

/** Returns values for the fields that an input needs. */
function inputOf(name: string, known: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const type = schema.getType(name);
  if (!isInputObjectType(type)) throw new Error(`expected an input, got ${name}`);
  const needed = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
  return Object.fromEntries(needed.map((field) => [field.name, valueFor(field.type, field.name, known)]));
}

function valueFor(type: GraphQLInputType, name: string, known: Readonly<Record<string, unknown>>): unknown {
  if (isNonNullType(type)) return valueFor(type.ofType, name, known);
  if (isListType(type)) return [valueFor(type.ofType, name, known)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) return inputOf(type.name, known);
  if (Object.hasOwn(known, name)) return known[name];
  const plain: Readonly<Record<string, unknown>> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: new Date(Date.now() + 3_600_000).toISOString(),
    ID: 'csirt-fr',
  };
  return plain[type.name] ?? 'EXERCISE';
}

/** A reader in the exercise, with the first purpose that it may state. */
function asOf({ as, purposes }: TrialReader): As {
  const [purpose] = purposes;
  return purpose === undefined ? { as, picture } : { as, picture, purpose };
}

/** Returns the mutations that the graph offers to a reader on a record. */
async function offered(who: As, type: string, id: string): Promise<ReadonlySet<string>> {
  const object = schema.getType(type);
  const fields = isObjectType(object) ? Object.keys(object.getFields()) : [];
  const standings = ['progress', 'threads'].filter((name) => fields.includes(name));
  const selected = standings.map((name) => `${name} { possibleMoves }`).join(' ');
  const field = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}`;
  const { body } = await ask(
    standing(),
    who,
    `query P($id: ID!) { shown: ${field}(id: $id) { ${selected} } }`,
    {
      id,
    },
  );
  const record = body.data?.shown;
  return new Set([record?.progress, record?.threads].flat().flatMap((one) => one?.possibleMoves ?? []));
}

/** Sends moves on a record in one operation. Returns what became of each: MADE, or the code of its refusal. */
async function sendAll(
  who: As,
  { _id: id, envelope }: Row,
  moves: readonly Move[],
): Promise<readonly string[]> {
  const declared = moves.map(({ mutation, input }) => `$${mutation}: ${input}!`);
  const sent = moves.map(
    ({ mutation }) => `${mutation}(input: $${mutation}) { record { id } userErrors { code } }`,
  );
  const known = { id, expectedVersion: envelope.version };
  const variables = moves.map(({ mutation, input }) => [
    mutation,
    inputOf(input, { ...known, key: randomUUID() }),
  ]);
  const query = `mutation M(${declared.join(', ')}) { ${sent.join(' ')} }`;
  const { body } = await ask(standing(), who, query, Object.fromEntries(variables));
  return moves.map(({ mutation }) => {
    const payload = body.data?.[mutation];
    if (payload?.record === null) return payload.userErrors[0]?.code ?? 'MADE';
    return payload === undefined || payload === null ? refusalOf(body, mutation) : 'MADE';
  });
}

type Failure = { readonly path?: readonly string[]; readonly extensions?: { readonly code?: string } };

/** Returns the code of the error at a mutation, or of the whole operation. */
function refusalOf({ errors = [] }: { readonly errors?: readonly Failure[] }, mutation: string): string {
  const at =
    errors.find(({ path }) => path?.[0] === mutation) ?? errors.find(({ path }) => path === undefined);
  return at?.extensions?.code ?? 'no code';
}

/** The codes of refusals. The first is for a record that the reader may not see. */
const refusals = ['NOT_FOUND', 'REFUSED', 'NOT_ALLOWED', 'WRONG_STATE', 'INVALID', 'STALE_VERSION'];

test.each(kinds)(
  'refuses each of the $count moves of $type that are not offered',
  async ({ community, type, moves }) => {
    const { row, all } = await storedIn(community, type);
    for (const reader of chosen) {
      const who = asOf(reader);
      const allowed = await offered(who, type, row._id);
      const others = moves.filter(({ mutation }) => !allowed.has(mutation));
      const codes = await sendAll(who, row, others);
      const made = codes.flatMap((code, at) =>
        refusals.includes(code) ? [] : [`${reader.as}, ${others[at]?.mutation}: ${code}`],
      );
      expect(made).toEqual([]);
    }
    expect((await storedIn(community, type)).all).toBe(all);
  },
);
