import { HubError } from '../../schema/errors.ts';
import type { OrganisationEntry, Registry } from '../registry/registry.ts';
import { toConnection, toPage } from './pages.ts';

/** The arguments of the list of organisations. */
export type OrganisationsAsked = {
  readonly text?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
};

const maxText = 200;

/** Returns a page of the organisations whose id or name has a word that begins with each word of the text. */
export async function listOrganisations(
  { text, ...asked }: OrganisationsAsked,
  registry: Pick<Registry, 'listOrganisations'>,
) {
  const { first, after } = toPage(asked);
  if ((text ?? '').length > maxText)
    throw new HubError('BAD_USER_INPUT', `text: expected at most ${maxText} characters`);
  const wanted = wordsOf(text ?? '');
  const isWanted = (entry: OrganisationEntry) =>
    wanted.every((start) => wordsOfEntry(entry).some((word) => word.startsWith(start)));
  // The registry has some hundred organisations: they are compared here, with accents removed.
  const all = (await registry.listOrganisations()).filter(isWanted);
  const later = after === null ? all : all.filter(({ _id }) => _id > fromCursor(after));
  const page = later.slice(0, first);
  const edges = page.map(({ _id }) => ({
    cursor: toCursor(_id),
    node: { __typename: 'Organisation', id: `Organisation:${_id}` },
  }));
  const connection = toConnection(edges, null, after);
  return { ...connection, pageInfo: { ...connection.pageInfo, hasNextPage: later.length > page.length } };
}

/** The terms of the entries that a query has read, which several lists of it compare. */
const terms = new WeakMap<OrganisationEntry, readonly string[]>();

function wordsOfEntry(entry: OrganisationEntry): readonly string[] {
  const known = terms.get(entry);
  if (known !== undefined) return known;
  // An entry of the registry can be malformed: it is found by its id then.
  const { _id, name } = entry as { readonly _id: string; readonly name?: unknown };
  const found = [...wordsOf(_id), ...(typeof name === 'string' ? wordsOf(name) : [])];
  terms.set(entry, found);
  return found;
}

function wordsOf(text: string): readonly string[] {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** A cursor says which organisation a page ended with, which its reader has seen. It is the same for each reader. */
function toCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** Returns the id of a cursor. Throws BAD_CURSOR. */
function fromCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id) || toCursor(id) !== cursor) throw new HubError('BAD_CURSOR');
  return id;
}
