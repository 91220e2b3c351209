/* oxlint-disable unicorn/consistent-function-scoping -- small functions stand beside the one test that they serve */
import { describe, expect, test } from '@jest/globals';
import { actorKey } from '../../../../schema/record/keys.ts';
import { markingOf } from '../../../../subgraphs/serve/record/marking.ts';
import type { RejectError } from '../../../../subgraphs/serve/record/reject.ts';
import { attack, stix } from '../../../../subgraphs/defence/sources/stix.ts';
import { mapBundle, recordsOf } from './map-bundle.ts';
import { group, idOf, indicator, object, technique, tlp, uses } from './objects.ts';

const open = { defaults: { marking: markingOf('CLEAR') } };
const green = { defaults: { marking: markingOf('GREEN') } };

/** Why each object is refused, null for one that is not. */
const refusalsOf = (objects: readonly unknown[], source = stix) =>
  mapBundle(source, objects, open).map((one) => ('reason' in one ? [one.reason, one.message] : null));

const markingsOf = (objects: readonly unknown[], options = open) =>
  recordsOf(stix, objects, options).map(({ says }) => says?.marking);

const portionsOf = (objects: readonly unknown[], options = open) =>
  recordsOf(stix, objects, options).map(({ says }) =>
    Object.fromEntries((says?.portions ?? []).map(({ path, marking }) => [path, marking.tlp])),
  );

describe('markings', () => {
  const definition = (said: object, n = 1) => object('marking-definition', n, said);
  const tlp2 = (label: unknown) => ({
    extensions: { 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': { tlp_2_0: label } },
  });
  const own = [idOf('marking-definition')];
  const markedBy = (said: object) => [technique({ object_marking_refs: own }), definition(said)];

  test.each([
    [tlp.clear, { tlp: 'CLEAR' }],
    [tlp.green, { tlp: 'GREEN' }],
    [tlp.amber, { tlp: 'AMBER' }],
    [tlp.amberStrict, { tlp: 'AMBER_STRICT' }],
    [tlp.red, { tlp: 'RED' }],
    [tlp.white1, { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' }],
    [tlp.green1, { tlp: 'GREEN' }],
    [tlp.amber1, { tlp: 'AMBER' }],
    [tlp.red1, { tlp: 'RED' }],
  ])('the standard object %s is %j, and no bundle says it anew', (ref, expected) => {
    const again = {
      ...definition({ definition_type: 'statement', definition: { statement: 'EXERCISE' } }),
      id: ref,
    };
    expect(markingsOf([again, technique({ object_marking_refs: [ref] })])).toEqual([expected]);
  });

  test.each([
    [
      'a statement restricts nobody',
      { definition_type: 'statement', definition: { statement: '© EXERCISE' } },
      {},
    ],
    [
      'TLP 1.0 in its own words',
      { definition_type: 'tlp', definition: { tlp: 'white' } },
      { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' },
    ],
    ['TLP 1.0 RED', { definition_type: 'tlp', definition: { tlp: 'red' } }, { tlp: 'RED' }],
    ['the extension for TLP 2.0', tlp2('amber+strict'), { tlp: 'AMBER_STRICT' }],
    [
      'two that differ in one definition',
      { definition_type: 'tlp', definition: { tlp: 'white' }, ...tlp2('red') },
      { tlp: 'RED' },
    ],
    [
      'a label that a platform writes as a statement',
      {
        definition_type: 'statement',
        definition: { statement: 'custom' },
        x_opencti_definition: 'TLP:AMBER+STRICT',
      },
      { tlp: 'AMBER_STRICT' },
    ],
    [
      'PAP as a statement',
      { definition_type: 'statement', definition: { statement: 'PAP:RED' } },
      { pap: 'RED' },
    ],
  ])('%s', (_name, said, expected) => {
    expect(markingsOf(markedBy(said))).toEqual([expected]);
  });

  const unknown = ['WRONG_MARKING', 'a marking definition that is not known'];
  test.each([
    ['of another type', { definition_type: 'iep', definition: { name: 'EXERCISE' } }],
    ['that says nothing', {}],
    [
      'with another extension',
      { ...tlp2('clear'), extensions: { ...tlp2('clear').extensions, 'x-more': {} } },
    ],
    ['with a label of no TLP', tlp2('pink')],
    ['with a label that is no text', tlp2(7)],
    [
      'with TLP:WHITE by another name',
      { definition_type: 'statement', definition: { statement: 'TLP:WHITE' } },
    ],
    ['of another type beside the extension', { definition_type: 'iep', ...tlp2('clear') }],
    ['with an inherited word', { definition_type: 'tlp', definition: { tlp: 'constructor' } }],
  ])('a definition %s is refused, never the widest', (_name, said) => {
    expect(refusalsOf(markedBy(said))).toEqual([unknown, null]);
  });

  test('a definition that is not in the bundle, or twice with two meanings, is not known', () => {
    const green2 = definition(tlp2('green'));
    const both = [technique({ object_marking_refs: own }), green2, definition(tlp2('clear'))];
    expect(refusalsOf([technique({ object_marking_refs: own })])).toEqual([unknown]);
    expect(refusalsOf(both)).toEqual([unknown, null, null]);
    expect(refusalsOf([technique({ object_marking_refs: own }), green2, green2])).toEqual([null, null, null]);
  });

  test('of several the strictest counts, and a definition behind its object too', () => {
    expect(
      markingsOf([
        technique({ object_marking_refs: [tlp.green, ...own, tlp.clear] }),
        definition(tlp2('amber')),
      ]),
    ).toEqual([{ tlp: 'AMBER' }]);
  });
});

describe('markings of parts', () => {
  const part = (ref: string, ...selectors: string[]) => ({ marking_ref: ref, selectors });
  const partly = (granular: readonly object[], changes: object = {}) =>
    technique({ granular_markings: granular, ...changes });

  test.each([
    [['description'], { description: 'RED' }],
    [['name'], { name: 'RED' }],
    [['x_mitre_platforms.[0]'], { platforms: 'RED' }],
    [['kill_chain_phases.[0].phase_name'], { tactics: 'RED' }],
    [['external_references.[1].url'], { references: 'RED' }],
    [['external_references.[1]'], { references: 'RED' }],
    [['description', 'x_mitre_detection'], { description: 'RED' }],
    [['x_mitre_version', 'external_references.[0].description', 'labels.[7]'], {}],
  ])('the selectors %j hide the fields that take these values: %j', (selectors, expected) => {
    expect(portionsOf([partly([part(tlp.red, ...selectors)])])).toEqual([expected]);
  });

  test('a value that several fields take is hidden in each, and the record is not listed under it', () => {
    const marked = indicator({ granular_markings: [part(tlp.amber, 'pattern', 'labels.[1]', 'valid_from')] });
    const [record] = recordsOf(stix, [marked], green);
    expect(
      Object.fromEntries((record?.says?.portions ?? []).map(({ path, marking }) => [path, marking.tlp])),
    ).toEqual({
      pattern: 'AMBER',
      indicators: 'AMBER',
      labels: 'AMBER',
      validFrom: 'AMBER',
    });
    expect(record).toMatchObject({ names: [], sortAt: null, content: { pattern: expect.any(String) } });
  });

  test('a group is listed under no actor that its hidden names lead to', () => {
    const resolveActor = (name: string) => (name === 'EX-2' ? 'ThreatActor:known' : actorKey({ name }));
    const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));
    const marked = group({ granular_markings: [part(tlp.red, 'aliases.[2]')] });
    const [record, told] = recordsOf(stix, [marked, use], { ...green, resolveActor });
    expect(record?.says?.portions?.map(({ path }) => path)).toEqual(['aliases', 'actor']);
    expect(record?.names).toEqual([`Stix:${idOf('intrusion-set')}`, 'ThreatActor:name:exerciseheron']);
    expect(told).toMatchObject({ content: { actor: 'ThreatActor:known' }, names: [] });
    expect(told?.says?.portions).toMatchObject([{ path: 'actor', marking: { tlp: 'RED' } }]);
  });

  test('is only ever stricter, and has the record’s own audience', () => {
    const amber = { object_marking_refs: [tlp.amber] };
    expect(portionsOf([partly([part(tlp.clear, 'description')], amber)])).toEqual([{}]);
    const audience = {
      reach: 'ANYONE',
      organisations: ['csirt-fi'],
      sharingGroups: [],
      persons: [],
      agreements: [],
    } as const;
    const [record] = recordsOf(stix, [partly([part(tlp.red, 'description')], amber)], {
      defaults: { marking: markingOf('GREEN'), audience },
    });
    expect(record?.says?.portions).toMatchObject([
      { path: 'description', audience: { organisations: ['csirt-fi'] } },
    ]);
  });

  test('of several on one value the strictest counts', () => {
    expect(
      portionsOf([
        partly([
          part(tlp.green, 'description', 'name'),
          part(tlp.red, 'description'),
          { lang: 'fr', selectors: ['name'] },
        ]),
      ]),
    ).toEqual([{ description: 'RED', name: 'GREEN' }]);
  });

  test.each([
    ['of what the record cannot be without', 'target_ref', 'a selector of what the record cannot be without'],
    ['of what the record cannot be without', 'id', 'a selector of what the record cannot be without'],
    ['of another form', 'description[0]', 'a selector of another form'],
    ['of what records are found by', 'external_references.[0]', 'a selector of what records are found by'],
  ])('a selector %s is refused (%s)', (_name, selector, message) => {
    expect(refusalsOf([partly([part(tlp.red, selector)])])).toEqual([['WRONG_MARKING', message]]);
  });

  test('by an unknown definition is refused; times of the envelope that it hides are not said', () => {
    expect(refusalsOf([partly([part(idOf('marking-definition'), 'description')])])).toEqual([
      ['WRONG_MARKING', 'a marking definition that is not known'],
    ]);
    const [record] = recordsOf(stix, [partly([part(tlp.amber, 'modified', 'created')])], open);
    expect(record?.says).not.toHaveProperty('modifiedAt');
    expect(record?.says).not.toHaveProperty('reportedAt');
  });
});

describe('what other objects of the bundle say', () => {
  const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));

  test('is hidden under their own marking where that is the stricter one, and the record is not listed under it', () => {
    const [told] = recordsOf(stix, [use, group({ object_marking_refs: [tlp.amber] })], open);
    expect(told).toMatchObject({ names: [], content: { actor: 'ThreatActor:name:exerciseheron' } });
    expect(told?.says?.portions).toMatchObject([{ path: 'actor', marking: { tlp: 'AMBER' } }]);
    const [same] = recordsOf(
      stix,
      [{ ...use, object_marking_refs: [tlp.amber] }, group({ object_marking_refs: [tlp.amber] })],
      open,
    );
    expect(same).toMatchObject({ names: ['ThreatActor:name:exerciseheron'], says: { portions: [] } });
  });

  test('is left out where more definitions than an honest object has mark it', () => {
    const granular_markings = Array.from({ length: 101 }, (_, at) => ({
      marking_ref: idOf('marking-definition', at),
      selectors: ['x_exercise'],
    }));
    const definitions = granular_markings.map((_, at) =>
      object('marking-definition', at, {
        definition_type: 'statement',
        definition: { statement: 'EXERCISE' },
      }),
    );
    const indicates = object('relationship', 1, {
      relationship_type: 'indicates',
      source_ref: idOf('indicator'),
      target_ref: idOf('intrusion-set'),
    });
    const told = (relationship: object, actor: object) =>
      recordsOf(stix, [indicator(), relationship, actor, ...definitions], open)[0]?.names.length;
    expect(told(indicates, group())).toBe(3);
    expect(told(indicates, group({ granular_markings }))).toBe(2);
    expect(told({ ...indicates, granular_markings }, group())).toBe(2);
  });

  test('is left out where their marking is not known', () => {
    const [told] = mapBundle(stix, [use, group({ object_marking_refs: [idOf('marking-definition')] })], open);
    expect(told).toMatchObject([{ names: [], says: { portions: [] } }]);
    expect((told as readonly { content: object }[])[0]?.content).not.toHaveProperty('actor');
  });

  test('a sighting names nothing of an indicator that is stricter, nor by a stricter relationship', () => {
    const indicates = object('relationship', 1, {
      relationship_type: 'indicates',
      source_ref: idOf('indicator'),
      target_ref: idOf('intrusion-set'),
      object_marking_refs: [tlp.red],
    });
    const sighting = object('sighting', 1, {
      sighting_of_ref: idOf('indicator'),
      object_marking_refs: [tlp.green],
    });
    const partly = indicator({
      granular_markings: [{ marking_ref: tlp.red, selectors: ['pattern'] }],
      object_marking_refs: [tlp.green],
    });
    const [seen, indicated] = recordsOf(stix, [sighting, partly, indicates, group()], open);
    expect(seen).toMatchObject({
      names: [],
      says: { portions: [{ path: 'indicators', marking: { tlp: 'RED' } }] },
    });
    expect(indicated?.says?.portions?.map(({ path }) => path).toSorted()).toEqual([
      'actors',
      'indicators',
      'pattern',
    ]);
    expect(indicated?.names).toEqual([]);
  });
});

describe('hostile input', () => {
  const errorOf = (objects: readonly unknown[]) => mapBundle(stix, objects, open)[0] as RejectError;

  test('a record that names thousands of others is refused', () => {
    const refs = Array.from({ length: 5001 }, (_, at) => idOf('ipv4-addr', at));
    const all = refs.map((id, at) => ({ type: 'ipv4-addr', id, value: `192.0.${at >> 8}.${at & 255}` }));
    expect(errorOf([object('observed-data', 1, { object_refs: refs }), ...all]).reason).toBe('TOO_LARGE');
  });

  test.each([
    ['a text without an end', "[domain-name:value = '".padEnd(900_000, 'a')],
    ['a path without an end', 'a'.repeat(900_000)],
    ['many openings', "a:b='\\".repeat(150_000)],
    ['many spaces', `a:b${' '.repeat(900_000)}`],
  ])('a pattern with %s is read to its end, once', (_name, pattern) => {
    expect(recordsOf(stix, [indicator({ pattern })])[0]?.content['indicators']).toEqual([]);
  });

  test('a date that does not exist and an id of another form are told without their content', () => {
    expect(errorOf([indicator({ valid_from: '2026-02-30T00:00:00Z' })]).reason).toBe('WRONG_DATE');
    expect(stix.shape.safeParse(technique({ id: 'attack-pattern--1' })).success).toBe(false);
    expect(
      stix.shape.safeParse(technique({ object_marking_refs: Array.from({ length: 101 }, () => tlp.red) }))
        .success,
    ).toBe(false);
  });

  test('a file that is no bundle is not taken for one', () => {
    expect(stix.recognise('{"type": "bundle", "id": "x", "objects": [')).toBe(true);
    expect(stix.recognise('{"more": false, "objects": [{"type":"tool","spec_version": "2.1"')).toBe(true);
    expect(stix.recognise('{"spec_version": "2.1", "records": [')).toBe(false);
    expect(attack.recognise('{"type": "bundle", "objects": [{"type": "indicator"')).toBe(false);
  });
});
