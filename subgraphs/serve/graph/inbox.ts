import { HubError } from '../../../schema/errors.ts';
import { type Community, communityField } from '../../../schema/record/vocabulary.ts';
import { readPeriod } from '../../../schema/workflow/deadline-key.ts';
import { recordField } from '../../../schema/workflow/graph/inbox-sdl.ts';
import { noticeIdIn, noticeKey, noticeType } from '../../../schema/workflow/notice-type.ts';
import { workflowsOf } from '../../../schema/workflow/served.ts';
import { type PageArguments, pageSize } from '../read/connection.ts';
import type { Row } from '../read/row.ts';
import { deadlinesOf } from '../workflow/deadlines.ts';
import { workflowRulesOf } from '../workflow/rules.ts';
import type { Context } from './context.ts';
import type { EntityReference, Resolver, Resolvers } from './resolvers.ts';

type First = { readonly first?: number | null };
type Shown = Readonly<Record<string, unknown>>;

/** Records that are examined together: with 100 threads each, they are at most the threads of one read. */
const together = 10;

/**
 * The community's part of the inbox, the tasks and the deadlines of the reader's organisation. Their sources are entity
 * references without data.
 */
export function inboxOf(community: Community): Resolvers {
  const field = communityField(community);
  const { endOf } = workflowRulesOf(community);
  return {
    [noticeType(community)]: {
      id: ({ id }: { readonly id: string }) => noticeKey(community, id),
    },
    Inbox: {
      [field]: async (_source: never, args: PageArguments, { loaders }) => await loaders.notices(args),
    },
    Tasks: {
      [field]: async (_source: never, { first }: First, context) => {
        const size = pageSize(first);
        const find = async (row: Row) => await tasksOn(row, context);
        return await disclosed(await collect(context, find, size), context);
      },
    },
    Deadlines: {
      [field]: async ({ id }: EntityReference, { first }: First, context) => {
        const size = pageSize(first);
        const period = readPeriod(id);
        if (period === null)
          throw new HubError('BAD_USER_INPUT', 'expected a period from a time to a later one');
        // The clock makes no move on a record that was retracted.
        const find = async (row: Row) =>
          row.envelope.recordState === 'RETRACTED'
            ? []
            : (await context.standings.visible(row)).flatMap((one) => deadlinesOf(one, period, endOf));
        const all = await collect(context, find, Infinity);
        const sorted = all.toSorted((one, other) => one.found.dueAt.getTime() - other.found.dueAt.getTime());
        return await disclosed(sorted.slice(0, size), context);
      },
    },
  };
}

/** The root field that reads one notice by its id, with which the hub reads the notice of an event. Empty without workflows. */
export function noticeLookup(community: Community): Readonly<Record<string, Resolver>> {
  if (workflowsOf(community).size === 0) return {};
  const lookUp: Resolver = async (_source: never, args: { readonly id: string }, { loaders }) => {
    const id = noticeIdIn(community, args.id);
    return id === null ? null : await loaders.notice(id);
  };
  return { [`${communityField(community)}Notice`]: lookUp };
}

type On<Found> = { readonly row: Row; readonly found: Found };

/** Examines the records of the reader's organisation, the newest first, until enough is found. */
async function collect<Found>(
  { loaders }: Context,
  find: (row: Row) => Promise<readonly Found[]>,
  most: number,
): Promise<readonly On<Found>[]> {
  const rows = await loaders.ofOrganisation();
  const all: On<Found>[] = [];
  for (let at = 0; at < rows.length && all.length < most; at += together) {
    const some = rows.slice(at, at + together);
    const found = await Promise.all(some.map(async (row) => ({ row, all: await find(row) })));
    all.push(...found.flatMap(({ row, all: ofRow }) => ofRow.map((one) => ({ row, found: one }))));
  }
  return all.slice(0, most);
}

/** Returns the nodes of the graph. Each says something of its record, so the record counts as disclosed. */
async function disclosed(all: readonly On<Shown>[], { loaders }: Context): Promise<readonly Shown[]> {
  return await Promise.all(
    all.map(async ({ row: { type, id }, found }) => {
      await loaders.one(type, id);
      return { ...found, recordId: id, [recordField(type)]: id };
    }),
  );
}

async function tasksOn(row: Row, { standings }: Context): Promise<readonly Shown[]> {
  return (await standings.visible(row)).flatMap(({ of, thread, part, since, possibleMoves }) => {
    const mutations = possibleMoves();
    return mutations.length === 0 ? [] : [{ workflow: of.name, thread, part, since, mutations }];
  });
}
