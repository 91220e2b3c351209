import type { Reader } from '../../protocol/reader.ts';
import { purposes } from '../../record/vocabulary.ts';
import type { Relation } from '../language/domain.ts';
import { isOfClass, type ReaderClass } from '../language/rules.ts';

/** A class of reader in a condition. `name` is unique among the classes of the compared policy versions. */
export type Literal = { readonly name: string; readonly one: ReaderClass };

/** The members of a reader that classes depend on. The others decide relations only. */
export type Traits = Pick<Reader, 'roles' | 'organisation' | 'client' | 'onScreen' | 'purpose'>;

/** Readers that the rules do not distinguish: those in exactly the classes `is`, with the traits of one of them. */
export type ReaderBlock = { readonly is: ReadonlySet<string>; readonly traits: Traits };

/** A relation, and all relations that hold for a reader in it. */
export type RelationBlock = { readonly name: Relation; readonly holds: ReadonlySet<Relation> };

/** An organisation that no class names. */
const anyOther = 'an-organisation';

/** The kinds of client. A machine is never on screen. */
const clients = [
  { client: 'person', onScreen: false },
  { client: 'person', onScreen: true },
  { client: 'machine', onScreen: false },
] as const;

/**
 * Returns a block for each combination of classes that a reader can be in, readers with several roles included. Every
 * reader is in exactly one block.
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

/** Returns one purpose of each set that no class distinguishes. The absence of a purpose (null) comes last. */
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

/** Returns one set of roles for each combination of classes that sets of roles can give. */
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

/** Returns a block for each named relation and one for no specific relation (`anyone`). */
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

/** Tells whether a reader of a block can be in a relation. Some relations need a stated purpose. */
export function canBe({ traits }: ReaderBlock, { name }: RelationBlock): boolean {
  return traits.purpose !== null || !name.endsWith('for its purpose');
}
