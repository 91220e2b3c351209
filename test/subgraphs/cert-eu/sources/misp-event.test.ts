import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { mispEvent } from '../../../../subgraphs/cert-eu/sources/misp-event.ts';
import { splitRecords } from '../../../../subgraphs/serve/ingest/formats/split.ts';
import { headOf, mapAll, readReal, realPath, refusalOf, describeReal } from '../../../helpers/map-all.ts';

const uuid = (n: number) => `aaaaaaaa-0000-4000-8000-${`${n}`.padStart(12, '0')}`;

function attribute(n: number, changes: object = {}) {
  return {
    uuid: uuid(n),
    type: 'domain',
    value: `a${n}.invalid`,
    distribution: '5',
    timestamp: '1790000000',
    ...changes,
  };
}

function eventOf(changes: object = {}) {
  return {
    Event: {
      uuid: uuid(0),
      info: 'EXERCISE',
      date: '2026-09-17',
      threat_level_id: '2',
      analysis: '1',
      distribution: '3',
      timestamp: '1790000000',
      event_creator_email: 'somebody@exercise.invalid',
      Orgc: { name: 'Société Exercice (SE)' },
      Attribute: [attribute(1)],
      ...changes,
    },
  };
}

const tags = (...names: string[]) => names.map((name) => ({ name }));

const sightingOf = (changes: object) =>
  mapAll(mispEvent, [eventOf({ Attribute: [attribute(1, changes)] })])[1];

const markingsOf = (record: unknown) =>
  mapAll(mispEvent, [record]).map(({ says }) => [says?.marking, says?.audience]);

describeReal('on the public records', () => {
  test('maps the six events with all attributes, including those of objects', () => {
    const folder = 'common/misp-events';
    const counts = readdirSync(realPath(folder)).map((file) => {
      expect(mispEvent.recognise(headOf(`${folder}/${file}`))).toBe(true);
      const { response } = readReal(`${folder}/${file}`) as { response: unknown[] };
      const [event, ...sightings] = mapAll(mispEvent, response);
      expect(event).toMatchObject({ kind: 'MispEvent', says: { originator: 'eset', provider: 'eset' } });
      expect(sightings.every(({ kind, belongsTo }) => kind === 'Sighting' && belongsTo?.['event'])).toBe(
        true,
      );
      return [file, sightings.length, event?.says?.audience?.reach, event?.names];
    });
    expect(counts).toEqual([
      ['lazarus_3cx.json', 50, 'COMMUNITY', ['ThreatActor:name:lazarusgroup']],
      ['misp-dukes-operation-ghost-event.json', 101, 'ANYONE', ['ThreatActor:name:apt29']],
      ['misp-machete-event.json', 396, 'NAMED', ['ThreatActor:name:elmachete']],
      ['misp-wintervivern.event.json', 24, 'ANYONE', ['Vulnerability:CVE-2023-5631']],
      ['mozi.misp-event.json', 151, 'COMMUNITY', []],
      ['swc-candiru_misp.json', 100, 'COMMUNITY', []],
    ]);
  });

  test('keeps no email address of an author', () => {
    const files = readdirSync(realPath('common/misp-events'));
    const all = files.flatMap((file) =>
      mapAll(mispEvent, (readReal(`common/misp-events/${file}`) as { response: unknown[] }).response),
    );
    expect(JSON.stringify(all)).not.toContain('@eset.com');
  });
});

describe('wrappers', () => {
  test.each([
    ['an event alone', eventOf()],
    ['an answer with one event', { response: eventOf() }],
  ])('maps %s to the event and its sightings', (_name, record) => {
    expect(mapAll(mispEvent, [record]).map(({ kind }) => kind)).toEqual(['MispEvent', 'Sighting']);
    expect(mispEvent.recognise(JSON.stringify(record))).toBe(true);
  });

  test.each([
    ['an array under "response"', { response: [eventOf(), eventOf({ uuid: uuid(9) })] }, 2],
    ['one under "response"', { response: eventOf() }, 1],
    ['one alone', eventOf(), 1],
    ['a bare array', [eventOf(), eventOf({ uuid: uuid(9) })], 2],
    ['an empty answer', { response: [] }, 0],
  ])('splits %s into its events', async (_name, file, events) => {
    const slices = [];
    async function* chunks() {
      yield await Promise.resolve(Buffer.from(JSON.stringify(file, null, 2)));
    }
    for await (const slice of splitRecords(chunks(), mispEvent.locate)) {
      slices.push(JSON.parse(slice.bytes?.toString('utf8') ?? 'null') as unknown);
    }
    const kinds = mapAll(mispEvent, slices).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'MispEvent')).toHaveLength(events);
    expect(kinds.filter((kind) => kind === 'Sighting')).toHaveLength(events);
  });

  test('rejects a record without a valid event', () => {
    expect(mispEvent.shape.safeParse({ response: { Other: {} } }).success).toBe(false);
    expect(mispEvent.shape.safeParse(eventOf({ uuid: 'none' })).success).toBe(false);
    expect(mispEvent.shape.safeParse(null).success).toBe(false);
  });
});

describe('an event', () => {
  test('has its creator as originator and its sender as provider', () => {
    const [event] = mapAll(mispEvent, [eventOf({ Org: { name: 'CERT-EU' } })]);
    expect(event?.says).toMatchObject({ originator: 'societe-exercice-se', provider: 'cert-eu' });
    const [nameless] = mapAll(mispEvent, [eventOf({ Orgc: null })]);
    expect(nameless?.says).toMatchObject({ originator: 'cert-eu', provider: 'cert-eu' });
  });

  test('refers to actors, techniques and vulnerabilities in galaxies, tags, title and attributes', () => {
    const [event] = mapAll(mispEvent, [
      eventOf({
        info: 'EXERCISE: cve-2099-10001',
        Tag: [
          { name: 'misp-galaxy:threat-actor="Paper Lantern"' },
          { name: 'misp-galaxy:mitre-attack-pattern="Social Media - T1593.001"' },
          { name: 'misp-galaxy:mitre-attack-pattern="No id"' },
        ],
        Galaxy: [
          { type: 'threat-actor', GalaxyCluster: [{ value: 'Paper Lantern' }, { value: 'Box Kite' }] },
          { type: 'tool', GalaxyCluster: [{ value: 'Hammer' }] },
        ],
        Attribute: [attribute(1, { type: 'vulnerability', value: 'CVE-2099-10002' })],
      }),
    ]);
    expect(event?.content).toMatchObject({
      threatLevel: 'MEDIUM',
      analysis: 'ONGOING',
      techniques: [{ attackId: 'T1593.001', name: 'Social Media' }],
      actors: ['ThreatActor:name:paperlantern', 'ThreatActor:name:boxkite'],
      vulnerabilities: ['CVE-2099-10001', 'CVE-2099-10002'],
    });
    expect(event?.names).toEqual([
      'ThreatActor:name:paperlantern',
      'ThreatActor:name:boxkite',
      'Vulnerability:CVE-2099-10001',
      'Vulnerability:CVE-2099-10002',
    ]);
  });

  test('does not list vulnerabilities of stricter attributes', () => {
    const [event] = mapAll(mispEvent, [
      eventOf({
        Attribute: [
          attribute(1, { type: 'vulnerability', value: 'CVE-2099-10001', distribution: '0' }),
          attribute(2, { type: 'vulnerability', value: 'CVE-2099-10002', Tag: [{ name: 'tlp:amber' }] }),
        ],
        Object: [
          {
            distribution: '4',
            sharing_group_id: '7',
            Attribute: [attribute(3, { type: 'vulnerability', value: 'CVE-2099-10003' })],
          },
        ],
      }),
    ]);
    expect(event?.names).toEqual([]);
    expect(JSON.stringify(event)).not.toContain('CVE-2099');
  });
});

describe('markings', () => {
  test('takes the strictest of several labels, including the event’s for an attribute', () => {
    const record = eventOf({
      Tag: tags('tlp:green', 'TLP:AMBER', 'PAP:GREEN'),
      Attribute: [attribute(1), attribute(2, { Tag: tags('tlp:clear', 'tlp:amber+strict', 'PAP:RED') })],
    });
    expect(markingsOf(record).map(([marking]) => marking)).toEqual([
      { tlp: 'AMBER', pap: 'GREEN' },
      { tlp: 'AMBER', pap: 'GREEN' },
      { tlp: 'AMBER_STRICT', pap: 'RED' },
    ]);
  });

  test('is GREEN without a label, and CLEAR only by its label', () => {
    const marked = (Tag: unknown) => markingsOf(eventOf({ Tag })).map(([marking]) => marking);
    expect(marked([])).toEqual([{ tlp: 'GREEN' }, { tlp: 'GREEN' }]);
    expect(marked(tags('tlp:clear'))).toEqual([{ tlp: 'CLEAR' }, { tlp: 'CLEAR' }]);
    const white = { tlp: 'CLEAR', rawTlp: 'tlp:white' };
    expect(marked(tags('tlp:white'))).toEqual([white, white]);
    const own = eventOf({ Attribute: [attribute(1, { Tag: tags('tlp:clear') })] });
    expect(markingsOf(own)[1]?.[0]).toEqual({ tlp: 'GREEN' });
  });

  test('reads tags in the members EventTag and AttributeTag', () => {
    const event = eventOf({
      EventTag: [{ Tag: { name: 'tlp:amber' } }],
      Attribute: [attribute(1), attribute(2, { AttributeTag: [{ Tag: { name: 'tlp:red' } }] })],
    });
    expect(markingsOf(event).map(([marking]) => marking)).toMatchObject([
      { tlp: 'AMBER' },
      { tlp: 'AMBER' },
      { tlp: 'RED' },
    ]);
  });

  test.each(['tlp:unclear', 'TLP:RED WHITE', 'tlp:ex:chr', 'tlp:', 'PAP:PURPLE'])(
    'rejects the label %s',
    (name) => {
      expect(refusalOf(mispEvent, eventOf({ Tag: [{ name }] }))?.[0]).toBe('WRONG_MARKING');
      const inside = eventOf({ Attribute: [attribute(1, { Tag: [{ name }] })] });
      expect(refusalOf(mispEvent, inside)?.[0]).toBe('WRONG_MARKING');
    },
  );

  const nobody = { reach: 'NAMED', organisations: [], sharingGroups: [], persons: [], agreements: [] };
  test.each([
    ['0', nobody],
    ['1', { reach: 'COMMUNITY' }],
    [2, { reach: 'COMMUNITY' }],
    ['3', { reach: 'ANYONE' }],
    ['4', { ...nobody, sharingGroups: ['lantern-group'] }],
    ['5', {}],
    [undefined, {}],
  ])('maps distribution %s to an audience', (distribution, audience) => {
    const record = eventOf({ distribution, SharingGroup: { name: 'lantern-group' } });
    expect(markingsOf(record).map(([, one]) => one)).toEqual([audience, audience]);
  });

  test.each([
    ['3', '0', nobody],
    ['0', '3', nobody],
    ['0', '4', nobody],
    ['4', '0', nobody],
    ['3', '1', { reach: 'COMMUNITY' }],
    ['1', '4', { ...nobody, sharingGroups: ['misp-sharing-group-8'] }],
    ['4', '3', { ...nobody, sharingGroups: ['misp-sharing-group-7'] }],
    ['4', '4', nobody],
    ['1', '5', { reach: 'COMMUNITY' }],
  ])(
    'takes the stricter of distribution %s of the event and %s of the attribute',
    (ofEvent, ofAttribute, audience) => {
      const inner = attribute(1, { distribution: ofAttribute, sharing_group_id: '8' });
      const record = eventOf({ distribution: ofEvent, sharing_group_id: '7', Attribute: [inner] });
      expect(markingsOf(record)[1]?.[1]).toEqual(audience);
    },
  );

  test('applies the distribution of an object to its attributes', () => {
    const record = eventOf({ Attribute: [], Object: [{ distribution: '0', Attribute: [attribute(1)] }] });
    expect(markingsOf(record)[1]?.[1]).toEqual(nobody);
  });

  test('rejects a level that MISP does not have', () => {
    expect(refusalOf(mispEvent, eventOf({ distribution: '9' }))?.[0]).toBe('WRONG_MARKING');
  });
});

describe('a sighting', () => {
  test.each([
    ['domain', 'A1.Invalid.', ['DOMAIN_NAME:a1.invalid']],
    ['hostname', 'www.a1.invalid', ['DOMAIN_NAME:www.a1.invalid']],
    ['ip-dst', '192.0.2.17', ['IPV4_ADDR:192.0.2.17']],
    ['ip-src', '2001:DB8::1', ['IPV6_ADDR:2001:db8::1']],
    ['ip-src', 'not an address', []],
    ['ip-dst|port', '192.0.2.17|443', ['IPV4_ADDR:192.0.2.17']],
    ['domain|ip', 'a1.invalid|192.0.2.17', ['DOMAIN_NAME:a1.invalid', 'IPV4_ADDR:192.0.2.17']],
    ['url', 'https://a1.invalid/X', ['URL:https://a1.invalid/X']],
    [
      'filename|md5',
      'a.exe|D41D8CD98F00B204E9800998ECF8427E',
      ['FILE_MD5:d41d8cd98f00b204e9800998ecf8427e', 'FILE_NAME:a.exe'],
    ],
    ['regkey|value', 'HKLM\\Exercise|1', ['WINDOWS_REGISTRY_KEY:HKEY_LOCAL_MACHINE\\exercise']],
    ['AS', 'AS64500', ['AUTONOMOUS_SYSTEM:64500']],
    ['text', 'EXERCISE', []],
    ['port', '443', []],
    ['constructor', 'x', []],
    ['domain', '', []],
    ['url', `https://a.invalid/${'x'.repeat(3000)}`, []],
  ])('of a %s "%s" refers to its indicators', (type, value, keys) => {
    const expected = keys.map((key) => `Indicator:${key}`);
    const sighting = sightingOf({ type, value });
    expect(sighting?.names).toEqual(expected);
    expect(sighting?.content['indicator']).toBe(expected[0] ?? null);
  });

  test('belongs to its event, and has the first sighting or else the timestamp as its time', () => {
    const sighting = sightingOf({
      first_seen: '2026-09-01T10:00:00.000000+02:00',
      to_ids: true,
      comment: 'EXERCISE',
    });
    expect(sighting).toMatchObject({
      localId: uuid(1),
      belongsTo: { event: { kind: 'MispEvent', localId: uuid(0) } },
      sortAt: new Date('2026-09-01T08:00:00Z'),
      content: { toIds: true, comment: { value: 'EXERCISE' }, seenAt: { declaredZone: '+02:00' } },
    });
    expect(sightingOf({})?.content['seenAt']).toMatchObject({ utc: new Date(1790000000_000) });
    expect(sightingOf({ timestamp: '0' })?.content['seenAt']).toBeNull();
  });

  test('marks an email address as personal data, and drops that of a victim or registrant', () => {
    const value = 'victim@exercise.invalid';
    expect(sightingOf({ type: 'email-src', value })?.says?.personalData).toMatchObject({ present: true });
    expect(sightingOf({})?.says?.personalData).toBeNull();
    for (const changes of [
      { type: 'target-email', value },
      { type: 'whois-registrant-email', value },
      { type: 'email-dst', category: 'Targeting data', value },
    ]) {
      expect(JSON.stringify(sightingOf({ ...changes, comment: `to ${value}` }))).not.toContain('victim');
    }
  });

  test('is withdrawn for deleted attributes and attributes of deleted objects', () => {
    const record = eventOf({
      Attribute: [
        attribute(1, { deleted: true }),
        attribute(2, { deleted: '1' }),
        attribute(3, { deleted: '0' }),
      ],
      Object: [
        { deleted: 1, Attribute: [attribute(4)] },
        { name: 'file', Attribute: [attribute(5)] },
      ],
    });
    const sightings = mapAll(mispEvent, [record]).slice(1);
    expect(
      sightings.map(({ localId, withdrawn, content }) => [localId, withdrawn, content['objectName']]),
    ).toEqual([
      [uuid(1), true, undefined],
      [uuid(2), true, undefined],
      [uuid(3), undefined, null],
      [uuid(4), true, undefined],
      [uuid(5), undefined, 'file'],
    ]);
  });

  test('loses a date that does not exist', () => {
    const record = eventOf({
      date: '2026-02-30',
      Attribute: [attribute(1, { first_seen: '2026-02-30T00:00:00Z' })],
    });
    const [event, sighting] = mapAll(mispEvent, [record]);
    expect(event?.content['date']).toBeNull();
    expect(sighting?.says?.observedAt).toBeNull();
  });
});
