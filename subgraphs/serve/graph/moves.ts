import { organisationKey } from '../../../schema/record/keys.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import {
  creatingMove,
  hasProposals,
  laterMoves,
  mutationOf,
  workflowsOf,
} from '../../../schema/workflow/served.ts';
import type { Row } from '../read/row.ts';
import type { CreatingInput, MoveInput, ProposalInput } from '../workflow/move-input.ts';
import { isOpener } from '../workflow/relations.ts';
import { referenceTo, type Resolver } from './resolvers.ts';

/** The mutations of a community's workflows: one for each move that a person makes. */
export function movesOf(community: Community): Readonly<Record<string, Resolver>> {
  return Object.fromEntries(
    [...workflowsOf(community).values()].flatMap((kind) => {
      const { type } = kind;
      const first = creatingMove(kind);
      const later = laterMoves(kind).map(({ of, move }): [string, Resolver] => [
        mutationOf(type, move),
        async (_source: never, { input }: { readonly input: MoveInput }, { moves, loaders }) =>
          payload(await moves.make(type, of, move, input), async (id) => await loaders.one(type, id)),
      ]);
      const proposals = hasProposals(kind.record) ? proposalMoves(type, kind.record) : [];
      if (first === null) return [...later, ...proposals];
      const create: Resolver = async (
        _source: never,
        { input }: { readonly input: CreatingInput },
        { moves, loaders },
      ) => payload(await moves.create(type, input), async (id) => await loaders.one(type, id));
      return [[mutationOf(type, first.move), create] as const, ...later, ...proposals];
    }),
  );
}

/** The mutations with which a second person confirms or dismisses a proposed move. */
function proposalMoves(type: string, of: Workflow): readonly [string, Resolver][] {
  const by =
    (act: 'confirm' | 'dismiss'): Resolver =>
    async (_source: never, { input }: { readonly input: ProposalInput }, { moves, loaders }) =>
      payload(await moves[act](type, of, input), async (id) => await loaders.one(type, id));
  return [
    [mutationOf(type, 'confirmProposed'), by('confirm')],
    [mutationOf(type, 'dismissProposed'), by('dismiss')],
  ];
}

/** The fields of a record that show where it stands in its workflow. */
export const standingFields: Readonly<Record<'progress' | 'threads', Resolver>> = {
  progress: async (row: Row, _args, { standings }) => await standings.progress(row),
  threads: async (row: Row, _args, { standings }) => await standings.threads(row),
};

/**
 * The field of a record that names the addressees. An addressee sees itself only, and so does every other reader: only
 * the organisation that opened the record sees all of them.
 */
export function addresseesIn(community: Community, type: string, field: string): Resolver {
  const thread = workflowsOf(community).get(type)?.thread ?? null;
  return ({ content }: Row, _args, { reader }) => {
    const keys = Array.isArray(content[field]) ? content[field] : [];
    const isAll = thread !== null && isOpener(thread, reader, content);
    const shown = isAll ? keys : keys.filter((key) => key === organisationKey(reader.organisation));
    return shown.flatMap((key) => referenceTo('Organisation', key) ?? []);
  };
}

async function payload(
  { id, userErrors }: { readonly id: string | null; readonly userErrors: readonly unknown[] },
  read: (id: string) => Promise<Row | null>,
) {
  return { record: id === null ? null : await read(id), userErrors };
}
