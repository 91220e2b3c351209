/* oxlint-disable unicorn/consistent-function-scoping -- small functions are next to the one test that uses them */
import { describe, expect, test } from '@jest/globals';
import { aliasesOf, indexAliases } from '../../../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../../../schema/record/keys.ts';
import { markingOf } from '../../../../subgraphs/serve/record/marking.ts';
import { attack, stix } from '../../../../subgraphs/defence/sources/stix.ts';
import { describeReal, headOf, readReal } from '../../../helpers/map-all.ts';
import { mapBundle, recordsOf } from './map-bundle.ts';
import { group, idOf, indicator, mitreIdentity, mitreTerms, object, technique, uses } from './objects.ts';

const ics = 'defence/attack-ics-18.1.stix.json';
const open = { defaults: { marking: markingOf('CLEAR') } };

/** Returns why each object is rejected. Null for an accepted one. */
const refusalsOf = (objects: readonly unknown[], source = stix) =>
  mapBundle(source, objects, open).map((one) => ('reason' in one ? [one.reason, one.message] : null));

describeReal('on the public records', () => {
  const objects = () => (readReal(ics) as { objects: readonly unknown[] }).objects;

  test('maps techniques, software, campaigns, groups and their use of ATT&CK for ICS, and nothing else', () => {
    const records = recordsOf(attack, objects());
    const counts = [...Map.groupBy(records, ({ kind }) => kind)].map(([kind, ones]) => [kind, ones.length]);
    expect(Object.fromEntries(counts)).toEqual({
      AttackTechnique: 95,
      AttackSoftware: 30,
      AttackCampaign: 8,
      AttackGroup: 16,
      TechniqueUse: 246,
      SoftwareUse: 21,
    });
    expect(new Set(records.map(({ says }) => says?.originator ?? attack.defaults.originator))).toEqual(
      new Set(['mitre']),
    );
    expect(attack.defaults).toMatchObject({
      originator: 'mitre',
      custodian: 'defence',
      marking: { tlp: 'CLEAR' },
    });
    expect(attack.recognise(headOf(ics))).toBe(true);
    const deprecated = records.filter(({ content }) => content['isDeprecated'] === true);
    const counted = [...Map.groupBy(deprecated, ({ kind }) => kind)].map(([kind, ones]) => [
      kind,
      ones.length,
    ]);
    expect(Object.fromEntries(counted)).toEqual({
      AttackTechnique: 12,
      AttackSoftware: 7,
      AttackCampaign: 1,
      AttackGroup: 2,
    });
  });

  test('links 15 of the 16 groups to the MISP galaxy, but not the one whose names refer to two actors', () => {
    const { rows } = aliasesOf(readReal('common/misp-galaxy-threat-actor.json'));
    const byName = indexAliases(rows);
    const keysOf = (name: string) => byName.get(normaliseName(name) ?? '') ?? [];
    const resolveActor = (name: string) =>
      keysOf(name).length === 1 ? (keysOf(name)[0] ?? null) : actorKey({ name });
    const groups = recordsOf(attack, objects(), { resolveActor }).filter(
      ({ kind }) => kind === 'AttackGroup',
    );
    const isJoined = (key: unknown) => !String(key).startsWith('ThreatActor:name:');
    const links = groups.map(({ content }): [string, string] => {
      const { name, actor } = content as { readonly name: string; readonly actor: string };
      if (!isJoined(actor)) return [name, 'apart'];
      return [name, isJoined(resolveActor(name)) ? 'by its name' : 'by its other names'];
    });
    const counts = [...Map.groupBy(links, ([, link]) => link)].map(([link, ones]) => [link, ones.length]);
    expect(Object.fromEntries(counts)).toEqual({ 'by its name': 14, 'by its other names': 1, apart: 1 });
    expect(links.filter(([, link]) => link !== 'by its name')).toEqual([
      ['Sandworm Team', 'apart'],
      ['Dragonfly 2.0', 'by its other names'],
    ]);
    // The galaxy has ELECTRUM, Telebots and six more as Sandworm's, and IRIDIUM as another actor's own name.
    const sandworm = ['ELECTRUM', 'Telebots', 'Quedagh', 'Voodoo Bear', 'IRIDIUM'].flatMap(keysOf);
    expect(new Set(sandworm).size).toBe(2);
    // It takes Dragonfly and Dragonfly 2.0, OilRig and APT34, Lazarus Group and APT38 for one actor each.
    expect(new Set(groups.map(({ content }) => content['actor'])).size).toBe(13);
  });
});

describe('records', () => {
  test('map a technique with its ATT&CK id and the key under which uses find it', () => {
    expect(recordsOf(stix, [technique()])[0]).toMatchObject({
      kind: 'AttackTechnique',
      localId: idOf('attack-pattern'),
      names: [`Stix:${idOf('attack-pattern')}`],
      content: {
        attackId: 'T9999',
        name: 'EXERCISE Knock',
        tactics: ['execution'],
        platforms: ['Linux'],
        isDeprecated: false,
        references: ['https://exercise.invalid/T9999', 'https://exercise.invalid/report'],
      },
      says: { modifiedAt: { utc: new Date('2026-09-02T10:00:00Z') } },
    });
  });

  test.each([
    ['revoked', { revoked: true }, 'RETRACTED'],
    ['deprecated', { x_mitre_deprecated: true }, undefined],
  ])('mark a %s technique as deprecated', (_name, changes, recordState) => {
    const [record] = recordsOf(stix, [technique(changes)]);
    expect(record?.content).toMatchObject({ isDeprecated: true });
    expect(record?.says?.recordState).toBe(recordState);
  });

  test('map malware and tools, and campaigns by their first sighting', () => {
    const [malware, tool, campaign] = recordsOf(stix, [
      object('malware', 1, { name: 'EXERCISE Worm', x_mitre_aliases: ['EXERCISE Worm', 'Wormy'] }),
      object('tool', 1, { name: 'EXERCISE Spanner' }),
      object('campaign', 1, { name: 'EXERCISE C', first_seen: '2026-01-02T00:00:00Z' }),
    ]);
    expect(malware?.content).toMatchObject({ kind: 'MALWARE', aliases: ['Wormy'] });
    expect(tool?.content).toMatchObject({ kind: 'TOOL', aliases: [] });
    expect(campaign).toMatchObject({ kind: 'AttackCampaign', sortAt: new Date('2026-01-02T00:00:00Z') });
  });

  test('map a use that precedes its source and target, with the actor of the group', () => {
    const resolveActor = (name: string) => (name === 'EX-1' ? 'ThreatActor:known' : actorKey({ name }));
    const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));
    const [record] = recordsOf(stix, [use, group(), technique()], { resolveActor });
    expect(record).toMatchObject({
      kind: 'TechniqueUse',
      content: {
        sourceRef: idOf('intrusion-set'),
        targetRef: idOf('attack-pattern'),
        actor: 'ThreatActor:known',
      },
      names: ['ThreatActor:known'],
    });
    const software = uses(idOf('campaign'), idOf('tool'));
    expect(recordsOf(stix, [software])[0]).toMatchObject({ kind: 'SoftwareUse', names: [] });
  });

  test.each([
    ['mitigates', idOf('course-of-action'), idOf('attack-pattern')],
    ['uses', idOf('identity'), idOf('attack-pattern')],
    ['uses', idOf('intrusion-set'), idOf('infrastructure')],
  ])('ignore a relationship %s from %s to %s', (type, source, target) => {
    expect(recordsOf(stix, [uses(source, target, { relationship_type: type })])).toEqual([]);
  });

  test('ignore objects of other types without checking them', () => {
    const odd = { ...object('x-exercise', 1), name: 7, labels: 'no list', object_marking_refs: ['?'] };
    expect(
      recordsOf(stix, [odd, object('identity', 1, { name: 'A Person' }), object('threat-actor')]),
    ).toEqual([]);
  });

  test('give a group the key of its name if its aliases refer to several actors', () => {
    const resolveActor = (name: string) =>
      name.startsWith('EX-') ? `ThreatActor:${name}` : actorKey({ name });
    const [two] = recordsOf(stix, [group()], { resolveActor });
    expect(two?.content['actor']).toBe('ThreatActor:name:exerciseheron');
    const [one] = recordsOf(stix, [group({ aliases: ['EX-1'] })], { resolveActor });
    expect(one).toMatchObject({
      content: { actor: 'ThreatActor:EX-1' },
      names: expect.arrayContaining(['ThreatActor:EX-1']),
    });
  });

  test('give a campaign the actors of `attributed-to` relationships that are not revoked', () => {
    const attributed = (n: number, changes: object = {}) =>
      object('relationship', n, {
        relationship_type: 'attributed-to',
        source_ref: idOf('campaign'),
        target_ref: idOf('intrusion-set', n),
        ...changes,
      });
    const other = object('intrusion-set', 2, { name: 'EXERCISE Crane' });
    const objects = [
      object('campaign', 1, { name: 'C' }),
      attributed(1),
      attributed(2, { revoked: true }),
      group(),
      other,
    ];
    expect(recordsOf(stix, objects)[0]?.content['actors']).toEqual(['ThreatActor:name:exerciseheron']);
  });
});

describe('observations', () => {
  test('of an indicator refer to the values in its pattern', () => {
    const [record] = recordsOf(stix, [
      indicator({
        external_references: [{ source_name: 'cve', external_id: 'CVE-2099-10001' }],
        confidence: 75,
      }),
    ]);
    expect(record).toMatchObject({
      kind: 'StixObservation',
      content: {
        stixType: 'indicator',
        indicators: ['Indicator:DOMAIN_NAME:beacon.exercise.invalid', 'Indicator:IPV4_ADDR:192.0.2.7'],
        vulnerabilities: ['Vulnerability:CVE-2099-10001'],
      },
      names: [
        'Indicator:DOMAIN_NAME:beacon.exercise.invalid',
        'Indicator:IPV4_ADDR:192.0.2.7',
        'Vulnerability:CVE-2099-10001',
      ],
      sortAt: new Date('2026-09-03T00:00:00Z'),
      says: { confidence: 'HIGH' },
    });
  });

  const hash = 'a'.repeat(64);
  test.each([
    [
      "[file:hashes.'SHA-256' = '" + hash + "' AND file:name = 'it\\'s.exe']",
      [`FILE_SHA256:${hash}`, "FILE_NAME:it's.exe"],
    ],
    ["[network-traffic:dst_ref.value = '2001:DB8::1']", ['IPV6_ADDR:2001:db8::1']],
    ["[email-addr:value = 'a@exercise.invalid']", ['EMAIL_ADDR:a@exercise.invalid']],
    ["[domain-name:value != 'a.invalid' OR domain-name:value NOT = 'b.invalid']", []],
    ["[domain-name:value LIKE '%.invalid']", []],
    ["[user-account:user_id = 'somebody']", []],
  ])('of the pattern %s refer to %j', (pattern, expected) => {
    const [record] = recordsOf(stix, [indicator({ pattern })]);
    expect(record?.content['indicators']).toEqual(expected.map((key) => `Indicator:${key}`));
    const isMail = pattern.includes('email');
    expect(record?.says?.personalData?.present ?? false).toBe(isMail);
  });

  test('keep at most a thousand values of a pattern, and only web addresses as references', () => {
    const values = Array.from({ length: 1500 }, (_, at) => `domain-name:value = 'a${at}.invalid'`);
    const external_references = [
      { source_name: 'one', url: 'javascript:alert(1)' },
      { source_name: 'other', url: 'https://exercise.invalid/x' },
    ];
    const [record] = recordsOf(stix, [
      indicator({ pattern: `[${values.join(' OR ')}]`, external_references }),
    ]);
    expect(record?.content['indicators']).toHaveLength(1000);
    expect(record?.content['references']).toEqual(['https://exercise.invalid/x']);
  });

  test('keep a pattern of another language unread', () => {
    const pattern = "alert tcp any -> [domain-name:value = 'a.invalid']";
    const [record] = recordsOf(stix, [indicator({ pattern, pattern_type: 'snort' })]);
    expect(record?.content).toMatchObject({ pattern, indicators: [] });
  });

  test('keep observed values, but no accounts, messages or places of sightings', () => {
    const records = recordsOf(stix, [
      object('observed-data', 1, {
        first_observed: '2026-09-01T00:00:00Z',
        object_refs: [idOf('ipv4-addr'), idOf('user-account'), idOf('ipv4-addr')],
      }),
      object('observed-data', 2, {
        objects: {
          0: { type: 'domain-name', value: 'A.invalid' },
          1: { type: 'user-account', user_id: 'somebody' },
        },
      }),
      object('sighting', 1, { sighting_of_ref: idOf('indicator'), where_sighted_refs: [idOf('identity')] }),
      object('sighting', 2, { sighting_of_ref: idOf('vulnerability') }),
      object('sighting', 3, { sighting_of_ref: idOf('intrusion-set') }),
      object('ipv4-addr', 1, { value: '192.0.2.9' }),
      object('user-account', 1, { user_id: 'somebody' }),
      object('vulnerability', 1, { name: 'CVE-2099-10002' }),
      indicator(),
      group(),
    ]);
    expect(records.slice(0, 5).map(({ names }) => names)).toEqual([
      ['Indicator:IPV4_ADDR:192.0.2.9'],
      ['Indicator:DOMAIN_NAME:a.invalid'],
      ['Indicator:DOMAIN_NAME:beacon.exercise.invalid', 'Indicator:IPV4_ADDR:192.0.2.7'],
      ['Vulnerability:CVE-2099-10002'],
      ['ThreatActor:name:exerciseheron'],
    ]);
    expect(records).toHaveLength(7);
    expect(JSON.stringify(records)).not.toMatch(/somebody|identity--/);
  });

  test.each([
    ['indicates', ['ThreatActor:name:exerciseheron']],
    ['related-to', undefined],
  ])('of an indicator have the actors that it %s: %j', (type, actors) => {
    const related = object('relationship', 1, {
      relationship_type: type,
      source_ref: idOf('indicator'),
      target_ref: idOf('intrusion-set'),
    });
    expect(recordsOf(stix, [related, indicator(), group()])[0]?.content['actors']).toEqual(actors);
  });
});

describe('the originator', () => {
  test('is MITRE by the id of its identity, and nobody by a name', () => {
    const [mitres, others, nobodys] = recordsOf(stix, [
      technique({ created_by_ref: mitreIdentity }),
      technique({ id: idOf('attack-pattern', 2), created_by_ref: idOf('identity') }),
      technique({ id: idOf('attack-pattern', 3) }),
      object('identity', 1, { name: 'CERT-EU' }),
    ]);
    expect(mitres?.says?.originator).toBe('mitre');
    expect([others, nobodys].map((one) => one?.says?.originator)).toEqual([undefined, undefined]);
  });

  test('must be MITRE, with its terms of use, for the source attack', () => {
    const marked = { object_marking_refs: [mitreTerms] };
    const objects = [
      technique({ ...marked, created_by_ref: mitreIdentity }),
      technique(marked),
      technique(),
      technique({ ...marked, created_by_ref: idOf('identity') }),
      indicator({ created_by_ref: mitreIdentity }),
    ];
    const refused = [
      'WRONG_MARKING',
      "expected an object by MITRE under MITRE's terms of use: import this bundle with --source stix",
    ];
    expect(refusalsOf(objects, attack)).toEqual([null, null, refused, refused, refused]);
  });
});
