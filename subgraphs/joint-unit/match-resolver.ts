import { HubError } from '../../schema/errors.ts';
import type { Resolver } from '../serve/graph/resolvers.ts';
import { limitTimes } from '../serve/graph/times-asked.ts';
import { pageSize } from '../serve/read/connection.ts';
import type { Row } from '../serve/read/row.ts';
import { seeking } from '../serve/workflow/kinds/booking-fit.ts';

type Asked = { readonly from: Date; readonly until: Date; readonly first?: number | null };

/** The most teams that are examined, and how many together: their threads are at most those of one read. */
const maxTeams = 50;
const together = 10;

/** The most mobilisations of one request: each examines all units of the teams. */
const maxAsked = 5;

/**
 * Resolves to the persons and units that the desk of a mobilisation can offer. Null for other readers: it tells when a
 * person is taken, as the answer to an offer does. A team counts as disclosed if a match names it.
 */
export const matchUnits: Resolver<Row, Asked> = async (
  row,
  { from, until, first },
  { standings, loaders },
) => {
  const size = pageSize(first);
  if (from >= until)
    throw new HubError(
      'BAD_USER_INPUT',
      `until: expected a time after ${from.toISOString()}, got ${until.toISOString()}`,
    );
  const [own] = (await standings.visible(row)).filter(({ of }) => of.subject === 'record');
  if (own === undefined || !own.relations.has('desk') || !seeking.has(own.known.progress.state)) return null;
  limitTimes(loaders, 'matches', maxAsked);
  const mechanism = own.known.fields['mechanism'];
  if (typeof mechanism !== 'string') return [];
  const teams = await loaders.newest('ResponseTeam', { kind: mechanism }, maxTeams);
  const matches: { readonly id: string; readonly unit: string; readonly reasons: readonly string[] }[] = [];
  for (let at = 0; at < teams.length && matches.length < size; at += together) {
    const wanted = { mobilisation: own.known.fields, period: { from, until } };
    const found = await Promise.all(
      teams
        .slice(at, at + together)
        .map(async (team) => ({ team, all: await standings.matches(team, wanted) })),
    );
    matches.push(...found.flatMap(({ team: { id }, all }) => all.map((match) => ({ id, ...match }))));
  }
  return await Promise.all(
    matches
      .slice(0, size)
      .map(async ({ id, ...match }) => ({ ...match, team: await loaders.one('ResponseTeam', id) })),
  );
};
