import { memberStateKey } from '../../schema/record/keys.ts';
import type { Resolver } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { statesOfUnclassified } from '../serve/workflow/kinds/unclassified-case.ts';

/**
 * Resolves to the current assessments of the level of a case, grouped by level. They are those that the reader may see:
 * all of them for a participant. Null for other readers.
 */
export const compareLevels: Resolver = async (row: Row, _args, { standings }) => {
  if (!(await standings.isMember(row))) return null;
  const byLevel = Map.groupBy(await currentOf(row, standings), ({ value }) => value);
  const stated = [...byLevel].map(([value, some]) => ({
    value,
    organisations: some.map(({ assessor }) => assessor),
  }));
  return { differ: stated.length > 1, stated };
};

/**
 * Resolves to a prompt if authorities of several Member States call the case an incident and no current assessment says
 * more. It uses only the assessments that the reader may see, and no data of another store.
 */
export const promptOf: Resolver = async (row: Row, _args, { standings }) => {
  const current = await currentOf(row, standings);
  const states = statesOfUnclassified(current);
  if (states.length === 0) return null;
  const ofStates = current.filter(({ memberState }) => typeof memberState === 'string');
  return {
    memberStates: states.flatMap((state) => memberStateKey(state) ?? []),
    assessedBy: ofStates.map(({ assessor }) => assessor),
    wouldTell: [
      ...states.map((state) => `the single point of contact of ${state}`),
      'ENISA as the secretariat of the CSIRTs network',
    ],
  };
};

type Assessment = Readonly<Record<string, unknown>>;

async function currentOf(
  row: Row,
  standings: Parameters<typeof compareLevels>[2]['standings'],
): Promise<readonly Assessment[]> {
  return (await standings.threads(row)).filter(({ state }) => state === 'CURRENT');
}
