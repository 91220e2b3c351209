import { organisationKey } from '../../../schema/record/keys.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import { recordField } from '../../../schema/workflow/graph/inbox-sdl.ts';
import type { Notice } from '../workflow/notices.ts';
import { type Connection, edgesOf } from './connection.ts';
import type { Place } from './cursor.ts';
import type { Seen } from './notice-page.ts';

/** A Relay connection of notices. */
export type NoticeConnection = {
  readonly edges: readonly { readonly cursor: string; readonly node: ShownNotice }[];
  readonly nodes: readonly ShownNotice[];
  readonly pageInfo: Connection['pageInfo'];
};

/** A notice as the graph shows it. */
export type ShownNotice = Readonly<Record<string, unknown>>;

/** Makes a Relay connection of a page of notices. There is one more than `size` if there is a next page. */
export function toNoticeConnection(
  found: readonly Seen<Notice>[],
  size: number,
  after: Place | null,
  seal: (place: Place) => string,
): NoticeConnection {
  const page = found.slice(0, size).map(({ stored }) => ({
    node: toShown(stored),
    place: { sortAt: stored.sortAt, id: stored._id },
  }));
  const sealAt = (one: (typeof page)[number] | undefined) => (one === undefined ? null : seal(one.place));
  return {
    edges: edgesOf(page, seal),
    nodes: page.map(({ node }) => node),
    pageInfo: {
      hasNextPage: found.length > size,
      hasPreviousPage: after !== null,
      get startCursor() {
        return sealAt(page.at(0));
      },
      get endCursor() {
        return sealAt(page.at(-1));
      },
    },
  };
}

/** Returns a notice as the graph shows it, with its id in the store. */
export function toShown({
  _id,
  kind,
  record,
  workflow,
  organisation,
  part = null,
  event,
  name,
  happenedAt,
  sortAt,
}: Notice): ShownNotice {
  return {
    id: _id,
    recordId: record,
    [recordField(kind)]: record,
    thread: organisation === null ? null : organisationKey(organisation),
    part,
    workflow,
    event: enumValue(event),
    name,
    happenedAt,
    at: sortAt,
  };
}
