import { graphql } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { inputType } from '../../../schema/workflow/graph/names.ts';
import { mutationOf } from '../../../schema/workflow/served.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { Changes } from '../../../subgraphs/serve/changes/changes.ts';
import type { UserError } from '../../../subgraphs/serve/changes/refused.ts';
import type { Context } from '../../../subgraphs/serve/graph/context.ts';
import { buildCommunitySchema } from '../../../subgraphs/serve/graph/schema.ts';
import { Loaders } from '../../../subgraphs/serve/read/loaders.ts';
import { assignKeysBy } from '../../../subgraphs/serve/store/key-assigner.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { Moves } from '../../../subgraphs/serve/workflow/moves.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { Standings } from '../../../subgraphs/serve/workflow/standings.ts';
import { policy } from '../../helpers/policy.ts';

const schema = buildCommunitySchema(community, policy);
const alarm = (): void => undefined;

/** A thread as the graph shows it to a reader. */
export type ShownThread = {
  readonly addressee: { readonly id: string };
  readonly version: number | null;
  readonly state: string;
  readonly possibleMoves: readonly string[];
  readonly moves: readonly { readonly move: string }[];
} & Readonly<Record<string, unknown>>;

/** A record with a workflow, as the graph shows it to a reader. */
export type ShownRecord = { readonly threads: readonly ShownThread[] } & Readonly<Record<string, unknown>>;

/** The payload of a move. */
export type Payload = {
  readonly record: { readonly id: string } | null;
  readonly userErrors: readonly UserError[];
};

/** A reader who asks at a time. */
export type At = { readonly store: CommunityStore; readonly reader: Reader; readonly now: Date };

/** Asks the joint unit's part of the graph as a reader, at a time that the test chooses. Returns the one root field. */
export async function askAt<Answer>(
  { store, reader, now }: At,
  source: string,
  variableValues: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const readerAccess = policy.accessOf(reader, now);
  const { kinds, name } = community;
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  const parts = {
    community: name,
    kinds,
    store,
    policy,
    keyAssigner: assignKeysBy(policy),
    readerAccess,
    alarm,
  };
  const workflowParts = { ...parts, ...workflowRulesOf(name) };
  const contextValue = {
    reader,
    readerAccess,
    loaders,
    changes: new Changes(parts),
    moves: new Moves(workflowParts),
    standings: new Standings(workflowParts),
  } as unknown as Context;
  const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
  if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  const [answer] = Object.values(data ?? {});
  return JSON.parse(JSON.stringify(answer)) as Answer;
}

/** Makes a move on version 1, unless the input names another. Returns its payload. */
export async function makeMove(
  at: At,
  kind: string,
  move: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Payload> {
  const source = `mutation M($input: ${inputType(kind, move)}!) {
    ${mutationOf(kind, move)}(input: $input) { record { id } userErrors { code path message } }
  }`;
  const isFirst = Object.hasOwn(input, 'content');
  const given = { key: randomUUID(), ...(!isFirst && { expectedVersion: 1 }), ...input };
  return await askAt<Payload>(at, source, { input: given });
}
