/* oxlint-disable unicorn/consistent-function-scoping -- small functions are next to the one test that uses them */
import { describe, expect, test } from '@jest/globals';
import { actorKey } from '../../../../schema/record/keys.ts';
import { markingOf } from '../../../../subgraphs/serve/record/marking.ts';
import type { RejectError } from '../../../../subgraphs/serve/record/reject.ts';
import { attack, stix } from '../../../../subgraphs/defence/sources/stix.ts';
import { mapBundle, recordsOf } from './map-bundle.ts';
import { group, idOf, indicator, object, technique, tlp, uses } from './objects.ts';

const open = { defaults: { marking: markingOf('CLEAR') } };
const green = { defaults: { marking: markingOf('GREEN') } };

/** Returns why each object is rejected. Null for an accepted one. */
const refusalsOf = (objects: readonly unknown[], source = stix) =>
  mapBundle(source, objects, open).map((one) => ('reason' in one ? [one.reason, one.message] : null));

const markingsOf = (objects: readonly unknown[], options = open) =>
  recordsOf(stix, objects, options).map(({ says }) => says?.marking);

const portionsOf = (objects: readonly unknown[], options = open) =>
  recordsOf(stix, objects, options).map(({ says }) =>
    Object.fromEntries((says?.portions ?? []).map(({ path, marking }) => [path, marking.tlp])),
  );

describe('markings', () => {
  const definition = (body: object, n = 1) => object('marking-definition', n, body);
  const tlp2 = (label: unknown) => ({
    extensions: { 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': { tlp_2_0: label } },
  });
  const own = [idOf('marking-definition')];
  const markedBy = (body: object) => [technique({ object_marking_refs: own }), definition(body)];

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
  ])('reads the standard definition %s as %j, and a bundle cannot redefine it', (ref, expected) => {
    const again = {
      ...definition({ definition_type: 'statement', definition: { statement: 'EXERCISE' } }),
      id: ref,
    };
    expect(markingsOf([again, technique({ object_marking_refs: [ref] })])).toEqual([expected]);
  });

  test.each([
    [
      'a statement as no restriction',
      { definition_type: 'statement', definition: { statement: '© EXERCISE' } },
      {},
    ],
    [
      'TLP:WHITE of TLP 1.0 as CLEAR',
      { definition_type: 'tlp', definition: { tlp: 'white' } },
      { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' },
    ],
    ['TLP 1.0 RED', { definition_type: 'tlp', definition: { tlp: 'red' } }, { tlp: 'RED' }],
    ['the extension for TLP 2.0', tlp2('amber+strict'), { tlp: 'AMBER_STRICT' }],
    [
      'the stricter of two labels in one definition',
      { definition_type: 'tlp', definition: { tlp: 'white' }, ...tlp2('red') },
      { tlp: 'RED' },
    ],
    [
      'a TLP label in a statement',
      {
        definition_type: 'statement',
        definition: { statement: 'custom' },
        x_opencti_definition: 'TLP:AMBER+STRICT',
      },
      { tlp: 'AMBER_STRICT' },
    ],
    [
      'a PAP label in a statement',
      { definition_type: 'statement', definition: { statement: 'PAP:RED' } },
      { pap: 'RED' },
    ],
  ])('reads %s', (_name, body, expected) => {
    expect(markingsOf(markedBy(body))).toEqual([expected]);
  });

  const unknown = ['WRONG_MARKING', 'expected a marking definition that the hub knows'];
  test.each([
    ['of another type', { definition_type: 'iep', definition: { name: 'EXERCISE' } }],
    ['without content', {}],
    [
      'with another extension',
      { ...tlp2('clear'), extensions: { ...tlp2('clear').extensions, 'x-more': {} } },
    ],
    ['with an unknown TLP label', tlp2('pink')],
    ['with a label that is not a string', tlp2(7)],
    [
      'with TLP:WHITE in a statement',
      { definition_type: 'statement', definition: { statement: 'TLP:WHITE' } },
    ],
    ['of another type with the TLP extension', { definition_type: 'iep', ...tlp2('clear') }],
    [
      'with the name of an inherited property',
      { definition_type: 'tlp', definition: { tlp: 'constructor' } },
    ],
  ])('rejects a definition %s', (_name, body) => {
    expect(refusalsOf(markedBy(body))).toEqual([unknown, null]);
  });

  test('rejects a definition that is missing or defined twice with different content', () => {
    const green2 = definition(tlp2('green'));
    const both = [technique({ object_marking_refs: own }), green2, definition(tlp2('clear'))];
    expect(refusalsOf([technique({ object_marking_refs: own })])).toEqual([unknown]);
    expect(refusalsOf(both)).toEqual([unknown, null, null]);
    expect(refusalsOf([technique({ object_marking_refs: own }), green2, green2])).toEqual([null, null, null]);
  });

  test('takes the strictest of several, also of a definition that comes after its object', () => {
    expect(
      markingsOf([
        technique({ object_marking_refs: [tlp.green, ...own, tlp.clear] }),
        definition(tlp2('amber')),
      ]),
    ).toEqual([{ tlp: 'AMBER' }]);
  });
});

describe('granular markings', () => {
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
  ])('hide the fields that depend on the selectors %j: %j', (selectors, expected) => {
    expect(portionsOf([partly([part(tlp.red, ...selectors)])])).toEqual([expected]);
  });

  test('hide a value in every field that uses it, and do not list the record under it', () => {
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

  test('do not list a group under an actor that only hidden aliases refer to', () => {
    const resolveActor = (name: string) => (name === 'EX-2' ? 'ThreatActor:known' : actorKey({ name }));
    const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));
    const marked = group({ granular_markings: [part(tlp.red, 'aliases.[2]')] });
    const [record, used] = recordsOf(stix, [marked, use], { ...green, resolveActor });
    expect(record?.says?.portions?.map(({ path }) => path)).toEqual(['aliases', 'actor']);
    expect(record?.names).toEqual([`Stix:${idOf('intrusion-set')}`, 'ThreatActor:name:exerciseheron']);
    expect(used).toMatchObject({ content: { actor: 'ThreatActor:known' }, names: [] });
    expect(used?.says?.portions).toMatchObject([{ path: 'actor', marking: { tlp: 'RED' } }]);
  });

  test('granular markings never open the record to more readers, and keep its audience', () => {
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

  test('take the strictest of several for one value', () => {
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
    ['of a reference', 'target_ref', 'granular_markings: a selector of a property that cannot be hidden'],
    ['of the id', 'id', 'granular_markings: a selector of a property that cannot be hidden'],
    [
      'that is invalid',
      'description[0]',
      'granular_markings: expected a selector of STIX 2.1, section 7.2.3.1',
    ],
    [
      'of a filtered field',
      'external_references.[0]',
      'granular_markings: a selector of a field that lists are filtered by',
    ],
  ])('reject a selector %s (%s)', (_name, selector, message) => {
    expect(refusalsOf([partly([part(tlp.red, selector)])])).toEqual([['WRONG_MARKING', message]]);
  });

  test('are rejected with an unknown definition, and hide times of the envelope', () => {
    expect(refusalsOf([partly([part(idOf('marking-definition'), 'description')])])).toEqual([
      ['WRONG_MARKING', 'expected a marking definition that the hub knows'],
    ]);
    const [record] = recordsOf(stix, [partly([part(tlp.amber, 'modified', 'created')])], open);
    expect(record?.says).not.toHaveProperty('modifiedAt');
    expect(record?.says).not.toHaveProperty('reportedAt');
  });
});

describe('a value from another object of the bundle', () => {
  const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));

  test('is hidden if that object is stricter, and the record is not listed under it', () => {
    const [used] = recordsOf(stix, [use, group({ object_marking_refs: [tlp.amber] })], open);
    expect(used).toMatchObject({ names: [], content: { actor: 'ThreatActor:name:exerciseheron' } });
    expect(used?.says?.portions).toMatchObject([{ path: 'actor', marking: { tlp: 'AMBER' } }]);
    const [same] = recordsOf(
      stix,
      [{ ...use, object_marking_refs: [tlp.amber] }, group({ object_marking_refs: [tlp.amber] })],
      open,
    );
    expect(same).toMatchObject({ names: ['ThreatActor:name:exerciseheron'], says: { portions: [] } });
  });

  test('is left out if too many definitions mark that object', () => {
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
    const countActors = (relationship: object, actor: object) =>
      recordsOf(stix, [indicator(), relationship, actor, ...definitions], open)[0]?.names.length;
    expect(countActors(indicates, group())).toBe(3);
    expect(countActors(indicates, group({ granular_markings }))).toBe(2);
    expect(countActors({ ...indicates, granular_markings }, group())).toBe(2);
  });

  test('is left out if the marking of that object is unknown', () => {
    const [used] = mapBundle(stix, [use, group({ object_marking_refs: [idOf('marking-definition')] })], open);
    expect(used).toMatchObject([{ names: [], says: { portions: [] } }]);
    expect((used as readonly { content: object }[])[0]?.content).not.toHaveProperty('actor');
  });

  test('is not listed for a sighting of a stricter indicator or by a stricter relationship', () => {
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

  test('rejects a record with thousands of keys', () => {
    const refs = Array.from({ length: 5001 }, (_, at) => idOf('ipv4-addr', at));
    const all = refs.map((id, at) => ({ type: 'ipv4-addr', id, value: `192.0.${at >> 8}.${at & 255}` }));
    expect(errorOf([object('observed-data', 1, { object_refs: refs }), ...all]).reason).toBe('TOO_LARGE');
  });

  test.each([
    ['a text without an end', "[domain-name:value = '".padEnd(900_000, 'a')],
    ['a path without an end', 'a'.repeat(900_000)],
    ['many openings', "a:b='\\".repeat(150_000)],
    ['many spaces', `a:b${' '.repeat(900_000)}`],
  ])('reads a pattern with %s in linear time', (_name, pattern) => {
    expect(recordsOf(stix, [indicator({ pattern })])[0]?.content['indicators']).toEqual([]);
  });

  test('rejects an invalid date and id without their values in the message', () => {
    expect(errorOf([indicator({ modified: '2026-02-30T00:00:00Z' })]).reason).toBe('WRONG_DATE');
    expect(stix.shape.safeParse(technique({ id: 'attack-pattern--1' })).success).toBe(false);
    expect(
      stix.shape.safeParse(technique({ object_marking_refs: Array.from({ length: 101 }, () => tlp.red) }))
        .success,
    ).toBe(false);
  });

  test('does not recognise a file that is not a bundle', () => {
    expect(stix.recognise('{"type": "bundle", "id": "x", "objects": [')).toBe(true);
    expect(stix.recognise('{"more": false, "objects": [{"type":"tool","spec_version": "2.1"')).toBe(true);
    expect(stix.recognise('{"spec_version": "2.1", "records": [')).toBe(false);
    expect(attack.recognise('{"type": "bundle", "objects": [{"type": "indicator"')).toBe(false);
  });
});

describe('labels', () => {
  test('mark an object with the strictest colour that they state', () => {
    const labelled = (...labels: readonly string[]) => [
      technique({ labels, object_marking_refs: [tlp.green] }),
    ];
    expect(markingsOf(labelled('malicious', 'TLP-AMBER', 'iep:traffic-light-protocol="GREEN"'))).toEqual([
      { tlp: 'AMBER' },
    ]);
    expect(markingsOf(labelled('tlp:clear', 'PAP:RED'))).toEqual([{ tlp: 'GREEN', pap: 'RED' }]);
    expect(refusalsOf(labelled('tlp:ex:chr'))).toEqual([
      ['WRONG_MARKING', 'expected a colour of TLP or PAP, got the tag "tlp:ex:chr"'],
    ]);
  });

  test('mark the keys that an object adds to the records of others', () => {
    const vulnerability = (labels: readonly string[]) =>
      object('vulnerability', 5, { name: 'CVE-2099-10001', labels });
    const link = object('relationship', 6, {
      relationship_type: 'indicates',
      source_ref: idOf('indicator'),
      target_ref: idOf('vulnerability', 5),
    });
    const namesWith = (...labels: readonly string[]) =>
      recordsOf(stix, [indicator(), vulnerability(labels), link], open).map(({ names }) =>
        names.includes('Vulnerability:CVE-2099-10001'),
      )[0];
    expect([namesWith(), namesWith('tlp:red'), namesWith('tlp purple')]).toEqual([true, false, false]);
  });
});
