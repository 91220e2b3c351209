/** Makes the four EuRepoC tables of `count` fictitious incidents. `change` may alter the rows of a table. */
export function eurepocTables(
  count: number,
  change: (table: string, rows: readonly string[]) => readonly string[] = (_table, rows) => rows,
): ReadonlyMap<string, string> {
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  return new Map(
    Object.entries(tables).map(([table, { columns, row }]) => {
      const rows = change(
        table,
        ids.flatMap((id) => [row(id, 'Greece'), row(id, 'Czech Republic')]),
      );
      return [`${table}.csv`, `${[columns, ...rows].join('\n')}\n`];
    }),
  );
}

type Table = { readonly columns: string; readonly row: (id: number, receiver: string) => string };

const regions = `"['EUROPE', 'EU(MS)']"`;
const tables: Readonly<Record<string, Table>> = {
  initiators: {
    columns:
      'ID,start_date,receiver_country,incident_type,initiator_country,initiator_category,initiator_name,receiver_region',
    row: (id, receiver) =>
      `${id},2024-03-0${1 + (id % 9)},${receiver},Data theft<br>Disruption,Atlantis,Non-state-group,Paper Lantern Group/PL-1,${regions}`,
  },
  attributions: {
    columns: 'ID,attribution_ID,attribution_date,attribution_basis_clean,receiver_country,initiator_country',
    row: (id, receiver) => `${id},${id}0,2024-05-01,Industry attribution,${receiver},Atlantis`,
  },
  responses: {
    columns: 'ID,political_response,legal_response,weighted_cyber_intensity,receiver_country',
    row: (id, receiver) => `${id},1,0,3,${receiver}`,
  },
  sectors: {
    columns: 'ID,receiver_country,receiver_category,receiver_category_subcode',
    row: (id, receiver) => `${id},${receiver},Critical infrastructure,Energy`,
  },
};
