import { createReadStream } from 'node:fs';
import { expect, test } from '@jest/globals';
import { aliasesOfGalaxy, indexAliases } from '../../../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../../../schema/record/keys.ts';
import { namesOfInitiator } from '../../../../subgraphs/eeas/sources/eurepoc-names.ts';
import { eurepoc } from '../../../../subgraphs/eeas/sources/eurepoc.ts';
import type { EurepocIncident } from '../../../../subgraphs/eeas/sources/eurepoc-shape.ts';
import { checkShape } from '../../../../subgraphs/serve/ingest/formats/check-shape.ts';
import { parseRecord } from '../../../../subgraphs/serve/ingest/formats/parse-record.ts';
import type { InTables } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { joinTables } from '../../../../subgraphs/serve/ingest/formats/tables.ts';
import { describeReal, headOf, mapAll, mapWith, readReal, realPath } from '../../../helpers/map-all.ts';

const tables = ['initiators', 'attributions-basis', 'responses', 'targeted-sectors'];

async function readIncidents(): Promise<readonly EurepocIncident[]> {
  const files = tables.map((name) => {
    const file = realPath(`eeas/eurepoc-${name}.csv`);
    return { file, chunks: createReadStream(file, { highWaterMark: 10_000 }) as AsyncIterable<Buffer> };
  });
  const records: EurepocIncident[] = [];
  for await (const { slice } of joinTables(files, eurepoc.locate as InTables)) {
    expect(slice.refused).toBeUndefined();
    records.push(checkShape(parseRecord(slice.bytes ?? Buffer.alloc(0)), eurepoc));
  }
  return records;
}

/** Returns the keys of the galaxy for a name. */
function readGalaxy(): (name: string) => readonly string[] {
  const byName = indexAliases(aliasesOfGalaxy(readReal('common/misp-galaxy-threat-actor.json')).rows);
  return (name) => byName.get(normaliseName(name) ?? '') ?? [];
}

type Held = {
  readonly name: string | null;
  readonly actor: string | null;
  readonly attributionBasis: string | null;
};

const isShared = (key: string) => key.startsWith('ThreatActor:') && !key.startsWith('ThreatActor:name:');

async function takeReal() {
  const [incidents, keysOf] = [await readIncidents(), readGalaxy()];
  const resolve = (name: string) => {
    const keys = keysOf(name);
    return keys.length === 1 ? (keys[0] ?? null) : actorKey({ name });
  };
  return { incidents, keysOf, mapped: mapWith(eurepoc, incidents, resolve) };
}

describeReal('on the public records', () => {
  test('maps each of the 2,465 ids to one incident, with all affected Member States', async () => {
    const { incidents, mapped } = await takeReal();
    expect([incidents.length, mapped.length]).toEqual([2465, 2465]);
    expect(
      mapped.every(
        ({ kind, localId, content }) => kind === 'CyberIncident' && content['reference'] === localId,
      ),
    ).toBe(true);
    const states = new Set(
      mapped.flatMap(({ names }) => names.filter((key) => key.startsWith('MemberState:'))),
    );
    expect(states.size).toBe(26);
    expect(mapped.find(({ localId }) => localId === '2353')).toMatchObject({
      content: {
        incidentTypes: ['Data theft', 'Hijacking with Misuse'],
        initiators: [
          {
            name: 'UNC4841',
            country: 'China',
            category: 'Non-state-group',
            attributionBasis: 'Industry attribution',
            attributedBy: null,
            attributedAt: { utc: new Date('2023-06-15T00:00:00Z'), precision: 'DAY' },
          },
        ],
      },
    });
    expect(eurepoc.recognise(headOf('eeas/eurepoc-responses.csv'))).toBe(true);
  });

  test('links all but one of the 270 cells whose names match the galaxy', async () => {
    const { incidents, mapped, keysOf } = await takeReal();
    const cells = new Set(incidents.flatMap((one) => one.initiators.map((row) => row.initiator_name.trim())));
    const matching = [...cells].filter((cell) =>
      [cell, ...namesOfInitiator(cell)].some((name) => keysOf(name).length > 0),
    );
    const first = [...cells].filter((cell) => keysOf(cell.split('/')[0] ?? '').length > 0);
    expect([cells.size, first.length, matching.length]).toEqual([727, 244, 270]);

    const actorOf = new Map(
      mapped
        .flatMap(({ content }) => content['initiators'] as readonly Held[])
        .map((one) => [one.name, one.actor]),
    );
    const isJoined = (cell: string) => isShared(actorOf.get(cell) ?? '');
    expect(first.filter((cell) => !isJoined(cell))).toEqual([]);
    // The initiator is unknown. Only the actor that it is part of is linked.
    expect(matching.filter((cell) => !isJoined(cell))).toEqual([
      expect.stringMatching(/^Cluster B < COBALT MIRAGE/),
    ]);

    const names = new Set(matching.flatMap(namesOfInitiator));
    const ambiguous = [...names].filter((name) => keysOf(name).length > 1);
    expect(ambiguous.toSorted()).toEqual([
      'Andariel',
      'Cadet Blizzard',
      'Cobalt Gypsy',
      'G0013',
      'Grizzly Steppe',
      'Imperial Kitten',
      'Mint Sandstorm',
      'NOBELIUM',
      'Sapphire Sleet',
    ]);
    const joinedBy = new Set(mapped.flatMap((one) => one.names.filter(isShared)));
    const elsewhere = new Set(
      [...names]
        .flatMap((name) => (keysOf(name).length === 1 ? keysOf(name) : []))
        .filter((key) => !joinedBy.has(key)),
    );
    expect([joinedBy.size, elsewhere.size]).toEqual([220, 13]);
    expect(mapped.filter((one) => one.names.some(isShared))).toHaveLength(811);
  });

  test('keeps no name of an individual, and only names of groups and bodies that no alias table has', async () => {
    const { incidents, mapped } = await takeReal();
    const rows = incidents.flatMap((one) => one.initiators);
    const individual = new Set(
      rows.flatMap((one) =>
        one.initiator_category === 'Individual hacker(s)' ? one.initiator_name.trim() : [],
      ),
    );
    const others = new Set(
      rows.flatMap((one) =>
        one.initiator_category === 'Individual hacker(s)' ? [] : one.initiator_name.trim(),
      ),
    );
    const initiators = mapped.flatMap(({ content }) => content['initiators'] as readonly Held[]);
    const held = new Map(initiators.map((one) => [one.name, one.actor]));
    const ofIndividuals = [...individual.difference(others)];
    expect(ofIndividuals.length).toBe(32);
    expect(ofIndividuals.filter((name) => isShared(held.get(name) ?? ''))).toHaveLength(0);
    expect(ofIndividuals.filter((name) => held.has(name))).toEqual([]);
    const unknown = [...held].filter(([name, actor]) => name !== null && !isShared(actor ?? ''));
    expect([held.size, unknown.length]).toEqual([484, 214]);
  });
});

const row = {
  ID: '7',
  start_date: '2024-03-01',
  receiver_country: 'Greece<br>Not available',
  receiver_region: "['EUROPE', 'EU(MS)']",
};
const incident = {
  initiators: [
    {
      ...row,
      initiator_country: 'Atlantis',
      initiator_category: 'State',
      initiator_name: 'Paper Lantern Group/PL-1',
    },
  ],
  attributions: [
    {
      ...row,
      initiator_country: 'Atlantis',
      attribution_ID: '1',
      attribution_date: '2024-05-01',
      attribution_basis_clean: 'Political attribution',
    },
  ],
  responses: [{ ...row, weighted_cyber_intensity: '4' }],
  sectors: [{ ...row, receiver_category: 'Media', receiver_category_subcode: '' }],
};
const initiatorsOf = (more: Partial<typeof incident>) =>
  mapAll(eurepoc, [{ ...incident, ...more }])[0]?.content['initiators'] as readonly Held[];

test('reads cells with several values, and drops values that are not available', () => {
  expect(mapAll(eurepoc, [incident])[0]).toMatchObject({
    localId: '7',
    content: {
      receiverCountries: ['Greece'],
      receiverStates: ['MemberState:GR'],
      receiverRegions: ['EUROPE', 'EU(MS)'],
      receiverSubcategories: [],
    },
    names: ['MemberState:GR', 'ThreatActor:name:paperlanterngroup'],
  });
});

const pairsOf = (initiators: readonly Held[]) =>
  initiators.map(({ name, attributionBasis }) => [name, attributionBasis]);

test('pairs initiators with attributions only if the tables are unambiguous', () => {
  const [named] = incident.initiators;
  const [attributed] = incident.attributions;
  const other = { ...named, initiator_name: 'Glass Otter Team' };
  const later = { ...attributed, attribution_date: '2024-06-01' };
  expect(pairsOf(initiatorsOf({ attributions: [...incident.attributions, later] as never }))).toEqual([
    ['Paper Lantern Group/PL-1', 'Political attribution'],
    ['Paper Lantern Group/PL-1', 'Political attribution'],
  ]);
  expect(
    pairsOf(
      initiatorsOf({ initiators: [named, other] as never, attributions: [attributed, later] as never }),
    ),
  ).toEqual([
    ['Paper Lantern Group/PL-1', null],
    ['Glass Otter Team', null],
    [null, 'Political attribution'],
    [null, 'Political attribution'],
  ]);
});

test.each([
  ['a person among hackers', 'Individual hacker(s)', 'Jane Roe Group'],
  ['a person of a body', 'State', 'Jane Roe (Unit 1, Ministry)'],
  ['an initiator without a name', 'State', 'Not available'],
])('keeps no name and no actor of %s', (_what, category, name) => {
  const [initiator] = initiatorsOf({
    initiators: [{ ...incident.initiators[0], initiator_category: category, initiator_name: name }] as never,
  });
  expect(initiator).toMatchObject({ name: null, actor: null, category });
});

test('takes the actor of the first known name, and adds the actor that it is part of', () => {
  const known = new Map([
    ['PL-1', 'ThreatActor:1'],
    ['Lantern', 'ThreatActor:2'],
    ['Guild', 'ThreatActor:3'],
  ]);
  const named = 'Paper/PL-1 fka Lantern (Unit 9) < Old Guild/Guild';
  const [one] = mapWith(
    eurepoc,
    [{ ...incident, initiators: [{ ...incident.initiators[0], initiator_name: named }] }],
    (name) => known.get(name) ?? actorKey({ name }),
  );
  expect(one).toMatchObject({
    content: {
      initiators: [{ name: named, actor: 'ThreatActor:1' }],
      actors: ['ThreatActor:1', 'ThreatActor:3'],
    },
  });
});

test('loses a date that does not exist', () => {
  const [record] = mapAll(eurepoc, [
    { ...incident, initiators: [{ ...incident.initiators[0], start_date: '2024-02-30' }] },
  ]);
  expect(record?.content['startedAt']).toBeNull();
});

test('removes bracketed text at any depth, but keeps an unmatched bracket', () => {
  expect(namesOfInitiator('Andariel (RGB (Unit 180))/Onyx) < Lazarus (')).toEqual([
    'Andariel',
    'Onyx)',
    'Lazarus (',
  ]);
  const deep = `Andariel ${'('.repeat(400_000)}${')'.repeat(400_000)}`;
  expect(namesOfInitiator(deep)).toEqual(['Andariel']);
});
