import type { Reader } from '../../../schema/protocol/reader.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { audienceOf, markingOf } from '../../helpers/records.ts';
import { type At, askAt } from './moves-of.ts';

/** A notice as the graph shows it to a reader. */
export type ShownNotice = {
  readonly recordId: string;
  readonly thread: { readonly id: string } | null;
  readonly event: string;
  readonly name: string;
} & Readonly<Record<string, unknown>>;

/** A page of notices. */
export type Page = {
  readonly edges: readonly { readonly cursor: string; readonly node: ShownNotice }[];
  readonly pageInfo: Readonly<Record<string, unknown>>;
};

const query = `query Q($first: Int, $after: String) {
  _entities(representations: [{ __typename: "Inbox", id: "Inbox:own" }]) {
    ... on Inbox {
      jointUnit(first: $first, after: $after) {
        edges { cursor node {
          recordId thread { id } workflow event name happenedAt at
          informationRequest { id purpose } deconflictionHold { id }
        } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
}`;

/** Returns a page of a reader's notices, or null if this kind of reader may have none. */
export async function inboxPage(at: At, args: object = {}): Promise<Page | null> {
  const [inbox] = await askAt<readonly { readonly jointUnit: Page | null }[]>(at, query, {
    first: 100,
    ...args,
  });
  return inbox?.jointUnit ?? null;
}

/** Returns the notices of a reader on a record, the oldest first. */
export async function noticesOf(
  store: CommunityStore,
  reader: Reader,
  now: Date,
  record: string,
): Promise<readonly ShownNotice[]> {
  const page = await inboxPage({ store, reader, now });
  const notices = (page?.edges ?? []).map(({ node }) => node);
  return notices.filter(({ recordId }) => recordId === record).toReversed();
}

/** Gives a field of a stored record a portion that only some organisations read. */
export async function hideField(
  store: CommunityStore,
  { kind, id, path }: { readonly kind: string; readonly id: string; readonly path: string },
  organisations: readonly string[],
): Promise<void> {
  const portion = {
    path,
    marking: markingOf({ tlp: 'AMBER_STRICT' }),
    audience: audienceOf({ organisations: [...organisations] }),
  };
  const changed = { $push: { 'envelope.portions': portion } };
  const { matchedCount } = await recordsOf(store, kind).updateOne({ _id: id }, changed);
  if (matchedCount !== 1) throw new Error(`expected a stored record, got ${id}`);
}

/** Returns what notices are about: the organisation of the thread, if there is one, and the name of the event. */
export function namesOf(notices: readonly ShownNotice[]): readonly string[] {
  return notices.map(({ thread, name }) => [thread?.id.slice('Organisation:'.length), name].join(' ').trim());
}
