import { uuidOf } from './chance.ts';

/** How much there is of what the communities share. All of it is generated: an exercise, nothing of it exists. */
export type World = {
  /** Records in each store. */
  readonly records: number;
  readonly cves: number;
  readonly actors: number;
  readonly indicators: number;
  readonly events: number;
  /** How many records of a kind name the one popular CVE or the one popular actor. */
  readonly popular: number;
};

/** The world of a size: five records of a store for each CVE. */
export function worldOf(records: number): World {
  return {
    records,
    cves: Math.ceil(records / 5),
    actors: Math.max(20, Math.min(2000, Math.ceil(records / 100))),
    indicators: Math.ceil(records / 4),
    events: Math.floor(records * 0.15),
    popular: Math.ceil(records / 20),
  };
}

/** When all generated records were received. */
export const receivedAt = new Date('2026-01-01T00:00:00Z');
export const popularCve = 'CVE-2099-999999';
/** The place of the actor that everybody writes of. */
export const popularActor = 0;

/** The CVE id at a place: well-formed, of a year that has not come. */
export function cveAt(at: number): string {
  return `CVE-2099-${1_000_000 + at}`;
}

export type GeneratedActor = {
  readonly uuid: string;
  readonly name: string;
  readonly synonyms: readonly string[];
};

/** The actor at a place. */
export function actorAt(at: number): GeneratedActor {
  return {
    uuid: uuidOf(`actor ${at}`),
    name: `Generated Actor ${at}`,
    synonyms: [`GA-${at}`, `Exercise Crew ${at}`],
  };
}

/** All actors as a MISP galaxy: the alias table that the hub's registry takes in. */
export function galaxyOf(world: World): unknown {
  const values = Array.from({ length: world.actors }, (_, at) => {
    const { uuid, name, synonyms } = actorAt(at);
    return { uuid, value: name, meta: { synonyms } };
  });
  return { type: 'threat-actor', uuid: uuidOf('galaxy'), version: 1, values };
}
