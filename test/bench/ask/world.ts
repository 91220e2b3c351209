import { uuidOf } from './chance.ts';

/** The sizes of the generated data. All of it is fiction, for an exercise. */
export type World = {
  /** Records in each store. */
  readonly records: number;
  readonly cves: number;
  readonly actors: number;
  readonly indicators: number;
  readonly events: number;
  /** The number of records of a kind that name the popular CVE or the popular actor. */
  readonly popular: number;
};

/** Returns the data sizes for a number of records: five records of a store for each CVE. */
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
/** The position of the popular actor. */
export const popularActor = 0;

/** Returns the CVE id at a position: well-formed, of a future year. */
export function cveAt(at: number): string {
  return `CVE-2099-${1_000_000 + at}`;
}

export type GeneratedActor = {
  readonly uuid: string;
  readonly name: string;
  readonly synonyms: readonly string[];
};

/** Returns the actor at a position. */
export function actorAt(at: number): GeneratedActor {
  return {
    uuid: uuidOf(`actor ${at}`),
    name: `Generated Actor ${at}`,
    synonyms: [`GA-${at}`, `Exercise Crew ${at}`],
  };
}

/** Returns all actors as a MISP galaxy: the alias table for the hub's registry. */
export function galaxyOf(world: World): unknown {
  const values = Array.from({ length: world.actors }, (_, at) => {
    const { uuid, name, synonyms } = actorAt(at);
    return { uuid, value: name, meta: { synonyms } };
  });
  return { type: 'threat-actor', uuid: uuidOf('galaxy'), version: 1, values };
}
