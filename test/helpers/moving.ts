import { graphql } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../schema/protocol/reader.ts';
import type { Addressed } from '../../schema/protocol/addressed.ts';
import { inputType } from '../../schema/workflow/graph/names.ts';
import { mutationOf } from '../../schema/workflow/served.ts';
import { Changes } from '../../subgraphs/serve/changes/changes.ts';
import type { UserError } from '../../subgraphs/serve/changes/refused.ts';
import type { CommunityPart } from '../../subgraphs/serve/graph/community.ts';
import type { Context } from '../../subgraphs/serve/graph/context.ts';
import { buildCommunitySchema } from '../../subgraphs/serve/graph/schema.ts';
import { Loaders } from '../../subgraphs/serve/read/loaders.ts';
import { assignKeysBy } from '../../subgraphs/serve/store/key-assigner.ts';
import type { CommunityStore } from '../../subgraphs/serve/store/store.ts';
import { Moves } from '../../subgraphs/serve/workflow/moves.ts';
import { workflowRulesOf } from '../../subgraphs/serve/workflow/rules.ts';
import { Standings } from '../../subgraphs/serve/workflow/standings.ts';
import { policy } from './policy.ts';
import { StoreWatch } from './store-watch.ts';

const alarm = (): void => undefined;

/** The payload of a move. */
export type Payload = {
  readonly record: { readonly id: string } | null;
  readonly userErrors: readonly UserError[];
};

/** A reader who asks at a time. */
export type At = {
  readonly store: CommunityStore;
  readonly reader: Reader;
  readonly now: Date;
  /** The hub's statement about the addressees of the new record. */
  readonly addressed?: Addressed;
};

/** Returns the acts of readers in one community's part of the graph, at times that the test chooses. */
export function movingIn(community: CommunityPart) {
  const schema = buildCommunitySchema(community, policy);

  /** Asks the community's part of the graph as a reader. Returns the one root field. */
  async function askAt<Answer>(
    at: At,
    source: string,
    variableValues: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer> {
    const contextValue = contextOf(community, at);
    const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
    if (errors !== undefined)
      throw new Error(errors.map(({ message }) => message).join('\n'), { cause: errors[0]?.originalError });
    const [answer] = Object.values(data ?? {});
    return JSON.parse(JSON.stringify(answer)) as Answer;
  }

  /**
   * Makes a move on version 1, unless the input names another. Returns its payload. A refused one leaves the store as it
   * was: this is compared for each move that no other one of the test accompanies.
   */
  async function makeMove(
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
    return await unchangedIfRefused(at.store, async () => await askAt<Payload>(at, source, { input: given }));
  }

  return { askAt, makeMove };
}

/** Makes a move. Throws if a refused move changed the store, unless another move ran meanwhile. */
async function unchangedIfRefused(store: CommunityStore, make: () => Promise<Payload>): Promise<Payload> {
  const watch = new StoreWatch(store);
  try {
    const before = await watch.content();
    const payload = await make().catch(async (error: unknown) => {
      await watch.expectSame(before);
      throw error;
    });
    if (payload.userErrors.length > 0) await watch.expectSame(before);
    return payload;
  } finally {
    watch.end();
  }
}

function contextOf({ kinds, name }: CommunityPart, { store, reader, now, addressed }: At): Context {
  const readerAccess = policy.accessOf(reader, now);
  const keyAssigner = assignKeysBy(policy);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  const parts = { community: name, kinds, store, policy, keyAssigner, readerAccess, alarm };
  const workflowParts = { ...parts, ...workflowRulesOf(name) };
  return {
    reader,
    readerAccess,
    loaders,
    changes: new Changes(parts),
    moves: new Moves({ ...workflowParts, addressed: addressed ?? null }),
    standings: new Standings(workflowParts),
  } as unknown as Context;
}
