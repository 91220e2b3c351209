import type { Reader } from '../../protocol/reader.ts';
import { purposes } from '../../record/vocabulary.ts';
import type { Relation } from '../language/domain.ts';
import { isOfClass, type ReaderClass } from '../language/rules.ts';

/** A class of reader that rules speak of, under the name that tells it from another version's class of that name. */
export type Literal = { readonly name: string; readonly one: ReaderClass };

/** What classes ask of a reader: the rest of a reader decides relations only. */
export type Traits = Pick<Reader, 'roles' | 'organisation' | 'client' | 'onScreen' | 'purpose'>;

/** Readers whom the rules do not tell apart: of all these classes and of no other, with one such reader. */
export type ReaderBlock = { readonly is: ReadonlySet<string>; readonly traits: Traits };

/** The one relation that readers of a block are in, and what that one brings with it. */
export type RelationBlock = { readonly name: Relation; readonly holds: ReadonlySet<Relation> };

/** An organisation that no class names. */
const anyOther = 'an-organisation';

/** What a token can be got by: a machine is never on screen. */
const clients = [
  { client: 'person', onScreen: false },
  { client: 'person', onScreen: true },
  { client: 'machine', onScreen: false },
] as const;

/**
 * Every combination of classes that some reader is of, readers of several roles included. Exact: no two readers of one
 * block are told apart by any of the classes, and none is left out.
 */
export function readerBlocks(literals: readonly Literal[], roles: readonly string[]): readonly ReaderBlock[] {
  const blocks = new Map<string, ReaderBlock>();
  for (const purpose of purposesOf(literals))
    for (const { client, onScreen } of clients)
      for (const organisation of organisationsOf(literals))
        for (const held of roleSets(literals, roles)) {
          const traits: Traits = { roles: held, organisation, client, onScreen, purpose };
          const is = literals.filter(({ one }) => isOfClass(traits, one)).map(({ name }) => name);
          const signature = is.join(' ');
          if (!blocks.has(signature)) blocks.set(signature, { is: new Set(is), traits });
        }
  return [...blocks.values()];
}

/** One purpose for each set of purposes that no class tells apart; none at all comes last. */
function purposesOf(literals: readonly Literal[]): readonly Reader['purpose'][] {
  const bySignature = new Map<string, Reader['purpose']>();
  for (const purpose of [...purposes, null]) {
    const signature = literals
      .map(({ one }) => Number(one.purposes === null || (purpose !== null && one.purposes.has(purpose))))
      .join('');
    if (!bySignature.has(signature)) bySignature.set(signature, purpose);
  }
  return [...bySignature.values()];
}

function organisationsOf(literals: readonly Literal[]): readonly string[] {
  return [anyOther, ...new Set(literals.flatMap(({ one }) => [...(one.organisations ?? [])]))];
}

/** Roles that a reader can hold together, as far as classes tell them apart: closed under union. */
function roleSets(literals: readonly Literal[], roles: readonly string[]): readonly (readonly string[])[] {
  const signatureOf = (held: readonly string[]) =>
    literals.map(({ one }) => Number(held.some((role) => one.roles?.has(role)))).join('');
  const known = new Map<string, readonly string[]>([[signatureOf([]), []]]);
  for (const role of roles) {
    for (const held of known.values()) {
      const both = [...held, role];
      const signature = signatureOf(both);
      if (!known.has(signature)) known.set(signature, both);
    }
  }
  return [...known.values()];
}

/** The relations that rules name, each by itself with what it brings along, and no relation at all (`anyone`). */
export function relationBlocks(named: Iterable<Relation>): readonly RelationBlock[] {
  return [...new Set<Relation>(['anyone', ...named])].map((name) => ({
    name,
    holds: new Set<Relation>([
      'anyone',
      name,
      ...(name === 'recipient for its purpose' ? (['recipient'] as const) : []),
    ]),
  }));
}

/** Whether a reader of a block can be in a relation at all: some ask for a stated purpose. */
export function canBe({ traits }: ReaderBlock, { name }: RelationBlock): boolean {
  return traits.purpose !== null || !name.endsWith('for its purpose');
}
