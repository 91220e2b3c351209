import type { Time } from '../../../schema/record/envelope.ts';
import { orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext } from '../../serve/ingest/sources/source.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { readValue } from './eurepoc-cells.ts';
import { readInitiatorName } from './eurepoc-names.ts';
import type { EurepocIncident } from './eurepoc-shape.ts';

/** An initiator with one attribution. */
export type Initiator = Named & Attribution & { readonly country: string | null };

type Named = {
  readonly name: string | null;
  readonly actor: string | null;
  readonly category: string | null;
};
type Attribution = {
  readonly attributionBasis: string | null;
  /** Always null: the tables give the basis of an attribution, not its author. */
  readonly attributedBy: null;
  readonly attributedAt: Time | null;
};

const unnamed: Named = { name: null, actor: null, category: null };
const unattributed: Attribution = { attributionBasis: null, attributedBy: null, attributedAt: null };

/**
 * Joins initiators with their attributions. The tables connect them by country only. If a country has several of both,
 * they stay separate, since the tables do not say which attribution names whom. `actors` holds the actors of all names.
 */
export function readInitiators(
  raw: EurepocIncident,
  context: MapContext,
): { readonly initiators: readonly Initiator[]; readonly actors: readonly string[] } {
  const actors = new Set<string>();
  const named = distinct(
    raw.initiators,
    ({ initiator_country: country, initiator_category: of, initiator_name: cell }) => {
      const category = readValue(of);
      const { name, actors: found } = readInitiatorName(cell, category, context.resolveActor);
      for (const key of found) actors.add(key);
      return { country: readValue(country), value: { name, actor: found[0] ?? null, category } };
    },
  );
  const attributed = distinct(raw.attributions, (row) => ({
    country: readValue(row.initiator_country),
    value: toAttribution(row, context),
  }));
  const countries = [...new Set([...named.keys(), ...attributed.keys()])];
  const initiators = countries.flatMap((country) =>
    pair(named.get(country) ?? [], attributed.get(country) ?? []).map((one): Initiator => ({
      ...one,
      country,
    })),
  );
  return { initiators: initiators.filter(hasValue), actors: [...actors] };
}

function toAttribution(row: EurepocIncident['attributions'][number], context: MapContext): Attribution {
  const day = readValue(row.attribution_date);
  return {
    attributionBasis: readValue(row.attribution_basis_clean),
    attributedBy: null,
    attributedAt: day === null ? null : orWarn(context, 'attribution_date', day, () => parseTime(day)),
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

function hasValue({ name, country, category, attributionBasis, attributedAt }: Initiator): boolean {
  return [name, country, category, attributionBasis, attributedAt].some((value) => value !== null);
}

/** Groups the values of the rows by country, without repeats. The tables repeat them for each combination of columns. */
function distinct<Row, Value>(
  rows: readonly Row[],
  read: (row: Row) => { readonly country: string | null; readonly value: Value },
): ReadonlyMap<string | null, readonly Value[]> {
  const once = new Map(rows.map(read).map((one) => [JSON.stringify(one), one]));
  const byCountry = Map.groupBy(once.values(), ({ country }) => country);
  return new Map([...byCountry].map(([country, ones]) => [country, ones.map(({ value }) => value)]));
}
