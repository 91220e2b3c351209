import type { Time } from '../../../schema/record/envelope.ts';
import { memberStateKey, memberStates } from '../../../schema/record/keys.ts';
import { orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext, Source } from '../../serve/ingest/sources/source.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';
import { readColumn, readValue } from './eurepoc-cells.ts';
import { type EurepocIncident, eurepocShape } from './eurepoc-shape.ts';
import { type Initiator, readInitiators } from './eurepoc-initiators.ts';

/**
 * The EuRepoC tables of political cyber incidents. Each incident becomes a cyber incident record with its receivers,
 * initiators, attributions and intensity. EuRepoC is the originator.
 */
export const eurepoc: Source<EurepocIncident> = {
  name: 'eurepoc',
  title: 'EuRepoC incidents',
  expects:
    'its four CSV tables in one import: initiators, attributions by basis, responses, targeted sectors',
  locate: {
    at: 'tables',
    key: 'ID',
    tables: {
      initiators: ['initiator_name', 'initiator_category'],
      attributions: ['attribution_ID', 'attribution_basis_clean'],
      responses: ['weighted_cyber_intensity'],
      sectors: ['receiver_category', 'receiver_category_subcode'],
    },
  },
  endings: ['.csv'],
  recognise: (head) => /^"?ID"?,/.test(head) && /^.{0,2000}\b(initiator|receiver)_country\b/.test(head),
  shape: eurepocShape,
  map(raw, context) {
    const content = toContent(raw, context);
    const { reference, startedAt, receiverStates, actors } = content;
    return [
      {
        kind: 'CyberIncident',
        localId: reference,
        content,
        sortAt: startedAt?.utc ?? null,
        says: { occurredAt: startedAt },
        names: [...receiverStates, ...actors],
      },
    ];
  },
  defaults: publicDefaults('eurepoc'),
  resolves: true,
  mapping: 1,
};

/** The fields of a cyber incident that the tables provide. */
type Content = {
  readonly reference: string;
  readonly name: string;
  readonly startedAt: Time | null;
  readonly incidentTypes: readonly string[];
  readonly receiverCountries: readonly string[];
  readonly receiverStates: readonly string[];
  readonly receiverRegions: readonly string[];
  readonly receiverCategories: readonly string[];
  readonly receiverSubcategories: readonly string[];
  readonly initiators: readonly Initiator[];
  readonly actors: readonly string[];
  readonly intensity: string | null;
};

function toContent(raw: EurepocIncident, context: MapContext): Content {
  const rows = [...raw.initiators, ...raw.attributions, ...raw.responses, ...raw.sectors];
  const reference = raw.initiators[0]?.ID.trim() ?? '';
  const day = readValue(raw.initiators[0]?.start_date);
  const receiverCountries = readColumn(rows, (row) => row.receiver_country);
  const { initiators, actors } = readInitiators(raw, context);
  return {
    reference,
    // The tables have no names of incidents.
    name: `EuRepoC ${reference}`,
    startedAt: day === null ? null : orWarn(context, 'start_date', day, () => parseTime(day)),
    incidentTypes: readColumn(rows, (row) => row.incident_type),
    receiverCountries,
    receiverStates: receiverCountries.flatMap((country) => findMemberState(country) ?? []),
    receiverRegions: readColumn(rows, (row) => row.receiver_region),
    receiverCategories: readColumn(raw.sectors, (row) => row.receiver_category),
    receiverSubcategories: readColumn(raw.sectors, (row) => row.receiver_category_subcode),
    initiators,
    actors,
    intensity: readValue(raw.responses[0]?.weighted_cyber_intensity),
  };
}

const codes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(memberStates).map(([code, name]) => [name.toLowerCase(), code])),
  'czech republic': 'CZ',
};

function findMemberState(country: string): string | null {
  const name = country.toLowerCase();
  return Object.hasOwn(codes, name) ? memberStateKey(codes[name] ?? '') : null;
}
