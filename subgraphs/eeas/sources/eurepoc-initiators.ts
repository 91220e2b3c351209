import type { Time } from '../../../schema/record/envelope.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { readWord } from './eurepoc-cells.ts';
import { readInitiatorName } from './eurepoc-names.ts';
import type { EurepocIncident } from './eurepoc-shape.ts';

/** An initiator as one attribution of the dataset names it. */
export type Initiator = Named & Attribution & { readonly country: string | null };

type Named = {
  readonly name: string | null;
  readonly actor: string | null;
  readonly category: string | null;
};
type Attribution = {
  readonly attributionBasis: string | null;
  /** The tables give the basis of an attribution, not who made it. */
  readonly attributedBy: null;
  readonly attributedAt: Time | null;
};

const unnamed: Named = { name: null, actor: null, category: null };
const unattributed: Attribution = { attributionBasis: null, attributedBy: null, attributedAt: null };

/**
 * Initiators with their attributions, which the tables join by the country only: where one country has several of both,
 * each stands by itself, since which attribution named whom is not said. `actors` are all that the names lead to.
 */
export function readInitiators(
  raw: EurepocIncident,
  resolveActor: (name: string) => string | null,
): { readonly initiators: readonly Initiator[]; readonly actors: readonly string[] } {
  const actors = new Set<string>();
  const named = distinct(
    raw.initiators,
    ({ initiator_country: country, initiator_category: of, initiator_name: cell }) => {
      const category = readWord(of);
      const { name, actors: found } = readInitiatorName(cell, category, resolveActor);
      for (const key of found) actors.add(key);
      return { country: readWord(country), value: { name, actor: found[0] ?? null, category } };
    },
  );
  const attributed = distinct(raw.attributions, (row) => ({
    country: readWord(row.initiator_country),
    value: toAttribution(row),
  }));
  const countries = [...new Set([...named.keys(), ...attributed.keys()])];
  const initiators = countries.flatMap((country) =>
    pair(named.get(country) ?? [], attributed.get(country) ?? []).map((one): Initiator => ({
      ...one,
      country,
    })),
  );
  return { initiators: initiators.filter(saysSomething), actors: [...actors] };
}

function toAttribution(row: EurepocIncident['attributions'][number]): Attribution {
  const day = readWord(row.attribution_date);
  return {
    attributionBasis: readWord(row.attribution_basis_clean),
    attributedBy: null,
    attributedAt: day === null ? null : parseTime(day),
  };
}

function pair(named: readonly Named[], attributed: readonly Attribution[]): readonly (Named & Attribution)[] {
  if (named.length > 1 && attributed.length > 1) {
    return [
      ...named.map((one) => ({ ...one, ...unattributed })),
      ...attributed.map((one) => ({ ...unnamed, ...one })),
    ];
  }
  const [names, attributions] = [orOne(named, unnamed), orOne(attributed, unattributed)];
  return names.flatMap((one) => attributions.map((attribution) => ({ ...one, ...attribution })));
}

function orOne<Value>(values: readonly Value[], otherwise: Value): readonly Value[] {
  return values.length === 0 ? [otherwise] : values;
}

function saysSomething({ name, country, category, attributionBasis, attributedAt }: Initiator): boolean {
  return [name, country, category, attributionBasis, attributedAt].some((said) => said !== null);
}

/** What the rows say, each once, by country: the tables repeat it for every combination of the rest. */
function distinct<Row, Value>(
  rows: readonly Row[],
  read: (row: Row) => { readonly country: string | null; readonly value: Value },
): ReadonlyMap<string | null, readonly Value[]> {
  const once = new Map(rows.map(read).map((one) => [JSON.stringify(one), one]));
  const byCountry = Map.groupBy(once.values(), ({ country }) => country);
  return new Map([...byCountry].map(([country, ones]) => [country, ones.map(({ value }) => value)]));
}
