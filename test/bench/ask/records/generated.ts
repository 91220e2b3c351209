import { actorKey } from '../../../../schema/record/keys.ts';
import type { Community } from '../../../../schema/record/vocabulary.ts';
import type { Mapped } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import type { Chance } from '../chance.ts';
import { actorAt, cveAt, popularActor, popularCve, type World } from '../world.ts';

/** A generated record before its marking. `guarded` selects the section with almost no CLEAR records. */
export type Draft = Pick<Mapped, 'content' | 'names'> & { readonly sortAt: Date; readonly guarded: boolean };

/** One kind of generated records: its share of a store, and the generator for a position. */
export type Generated = {
  readonly community: Community;
  readonly kind: string;
  readonly share: number;
  make(at: number, chance: Chance, world: World): Draft;
};

const begin = Date.parse('2016-01-01T00:00:00Z');
const day = 86_400_000;
const days = 3650;

export const dayOf = (chance: Chance) => new Date(begin + chance.below(days) * day);
export const instantOf = (chance: Chance) => new Date(begin + chance.below(days * day));
export const text = (value: string) => ({ value, lang: 'en' });
export const time = (utc: Date) => ({ utc, precision: 'DAY' as const, declaredZone: null });
export const reference = (chance: Chance) => [`https://records.example/${chance.below(1e9)}`];

export function cves(
  at: number,
  chance: Chance,
  world: World,
  least: number,
  most: number,
): readonly string[] {
  const own = Array.from({ length: least + chance.below(most - least + 1) }, () =>
    cveAt(chance.below(world.cves)),
  );
  return at < world.popular ? [popularCve, ...own] : own;
}

export function actors(
  at: number,
  chance: Chance,
  world: World,
  least: number,
  most: number,
): readonly string[] {
  const own = Array.from({ length: least + chance.below(most - least + 1) }, () =>
    keyOfActor(chance.below(world.actors)),
  );
  return at < world.popular ? [keyOfActor(popularActor), ...own] : own;
}

export const keyOfActor = (at: number) => actorKey({ uuid: actorAt(at).uuid }) ?? '';
export const keyOfCve = (cve: string) => `Vulnerability:${cve}`;
export const oneOrPopular = (at: number, world: World, one: number) =>
  at < world.popular ? popularActor : one;

/** The Member States that generated records name. */
export const states = ['DE', 'FR', 'IT', 'NL', 'PL', 'RO'] as const;
export const stateOf = (chance: Chance) => `MemberState:${chance.of(states)}`;
