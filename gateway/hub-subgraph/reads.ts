import { HubError } from '../../schema/errors.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import type { AccessEntry, EntryDisclosure } from '../audit/entry.ts';
import { takeQuestion } from './allowance.ts';
import { disclose } from './disclose.ts';
import { type LogContext, toConnection, toPage } from './pages.ts';

/** One access to records of a community, reduced to the records of that community. */
type OwnRead = { readonly entry: AccessEntry; readonly own: readonly EntryDisclosure[] };
type Asked = {
  readonly record?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
};

const maxRecords = 10_000;

/** Resolvers of `ownReads`: which organisations got records of a community. For the community's operators only. */
export const ownReadResolvers = {
  Query: {
    ownReads: async (_: unknown, asked: Asked, context: LogContext) => {
      takeQuestion(context);
      const { log, request } = context;
      const { organisation, picture } = request.reader;
      const community = communities.find((one) => one === organisation);
      const page = { ...toPage(asked), picture };
      if (community === undefined) return toConnection([], null, page.after);
      const { entries, next } = await log.page({ ...page, community });
      const reads = entries
        .map((entry): OwnRead => ({ entry, own: ownOf(entry, community, asked.record ?? null) }))
        .filter(({ own }) => own.length > 0);
      for (const { entry } of reads) disclose(context, 'OwnRead', entry.id);
      return toConnection(
        reads.map((node) => ({ cursor: node.entry.id, node })),
        next,
        page.after,
      );
    },
  },
  OwnRead: {
    at: ({ entry }: OwnRead) => entry.at,
    organisation: ({ entry }: OwnRead) => entry.reader.organisation,
    purpose: ({ entry }: OwnRead) => entry.purpose,
    correlationId: ({ entry }: OwnRead) => entry.correlationId,
    recordCount: ({ own }: OwnRead) => own.length,
    records: ({ own }: OwnRead, { first }: { first: number | null }) => takeFirst(own, first),
  },
  OwnReadRecord: { handlingCodes: ({ handlingCodes }: EntryDisclosure) => handlingCodes ?? [] },
};

/** Returns the first records of an entry: 100 by default, 10,000 at most. Throws BAD_USER_INPUT. */
export function takeFirst(
  records: readonly EntryDisclosure[],
  asked: number | null,
): readonly EntryDisclosure[] {
  const first = asked ?? 100;
  if (first < 0 || first > maxRecords)
    throw new HubError('BAD_USER_INPUT', `first: expected 0 to ${maxRecords}, got ${first}`);
  return records.slice(0, first);
}

function ownOf(
  { disclosed }: AccessEntry,
  community: string,
  record: string | null,
): readonly EntryDisclosure[] {
  return disclosed.filter((one) => one.community === community && (record === null || one.id === record));
}
