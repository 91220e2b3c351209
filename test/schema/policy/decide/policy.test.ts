import { expect, test } from '@jest/globals';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { relations } from '../../../../schema/policy/language/domain.ts';
import { compileFilter, maxHeldKeys } from '../../../../schema/policy/decide/filter.ts';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { nameOfVersion, numberOfVersion, type Policy } from '../../../../schema/policy/decide/policy.ts';
import { readerSide, recordSide } from '../../../../schema/policy/decide/relations.ts';
import { isOfClass } from '../../../../schema/policy/language/rules.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

const policy = readPolicy();
const now = new Date('2026-11-24T12:00:00Z');
const analyst = readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] });
const auditor = readerOf({ organisation: 'eca', roles: ['policy-auditor'] });

function decide(reader: Reader, envelope: unknown, kind = 'Advisory', by: Policy = policy) {
  return by.decideRow(envelope, kind, by.accessOf(reader, now));
}

/** Returns the policy with additional rules of Europol on its own records. */
function withRules(rules: string): Policy {
  const texts = readPolicyTexts();
  const file = `format: jcu-policy-rules/1\nowner: europol\nrules:\n${rules}`;
  return policyOfTexts({ ...texts, 'europol.yaml': file });
}

const prohibit = (id: string, who: string, when: string) => `
  - id: ${id}
    effect: prohibit
    who: [${who}]
    being: anyone
    may: [read, search, aggregate, subscribe, export]
    kinds: [RansomwareFamily]
    groups: [content]
    when: { ${when} }
    because: This test checks one permission against two prohibitions on different records.
    source: this test
`;

test('applies a prohibition only to its classes of readers and of records', () => {
  const both = withRules(
    prohibit('EUROPOL-01', 'machines', 'tlp: [CLEAR]') + prohibit('EUROPOL-02', 'police', 'tlp: [GREEN]'),
  );
  const [clear, green] = (['CLEAR', 'GREEN'] as const).map((tlp) =>
    envelopeOf({ originator: 'europol', marking: markingOf({ tlp }) }),
  );
  const officer = readerOf({ organisation: 'europol', roles: ['europol-analyst'] });
  const machine = readerOf({ organisation: 'europol', roles: ['connector'], client: 'machine' });
  const given = [officer, machine].map((reader) =>
    [clear, green].map((envelope) => decide(reader, envelope, 'RansomwareFamily', both) !== null),
  );
  expect(given).toEqual([
    [true, false],
    [false, true],
  ]);
});

test('rejects a prohibition that applies only after the embargo', () => {
  expect(() => withRules(prohibit('EUROPOL-01', 'machines', 'embargo: [running]'))).not.toThrow();
  expect(() => withRules(prohibit('EUROPOL-01', 'machines', 'embargo: [over, running]'))).not.toThrow();
  expect(() => withRules(prohibit('EUROPOL-01', 'machines', 'embargo: [over]'))).toThrow(
    'EUROPOL-01: a prohibition with `embargo: over` must also have `embargo: running`',
  );
});

test('refuses a record with an unknown value of a fact', () => {
  const unknown = envelopeOf({ facts: { level: 'nonsense' } });
  expect(decide(analyst, envelopeOf({ facts: { level: 'major' } }))).not.toBeNull();
  expect(decide(analyst, unknown)).toBeNull();
  expect(policy.admittedKeys(unknown, 'Advisory')).toEqual({ admits: [], early: [] });
  expect(policy.may(policy.accessOf(analyst, now), 'read', 'Advisory', 'content', unknown)).toBe(false);
});

test('refuses an invalid envelope and an unknown kind', () => {
  const readerAccess = policy.accessOf(analyst, now);
  const broken = { ...envelopeOf(), marking: null } as unknown as Envelope;
  expect(policy.may(readerAccess, 'read', 'Advisory', 'content', envelopeOf())).toBe(true);
  expect(policy.may(readerAccess, 'read', 'Advisory', 'content', broken)).toBe(false);
  expect(decide(analyst, envelopeOf(), 'Nonsense')).toBeNull();
  expect(policy.admittedKeys(envelopeOf(), 'Nonsense').admits).toEqual([]);
});

test('returns the groups in addition to content that the reader may read', () => {
  const envelope = envelopeOf({ originator: 'cert-eu', custodian: 'cert-eu' });
  expect(decide(analyst, envelope)).toEqual({ hidden: new Set(), groups: new Set(['audience']) });
  expect(decide(readerOf(), envelope)).toEqual({ hidden: new Set(), groups: new Set() });
});

test('hides only the portions whose own marking refuses the reader', () => {
  const red = {
    path: 'summary',
    marking: markingOf({ tlp: 'RED' }),
    audience: audienceOf({ reach: 'NAMED' }),
  };
  const clear = { path: 'title', marking: markingOf(), audience: audienceOf() };
  const envelope = envelopeOf({ portions: [red, clear] });
  expect(decide(readerOf(), envelope)?.hidden).toEqual(new Set(['summary']));
});

test('stores only access keys for actions that lists filter by', () => {
  const { admits } = policy.admittedKeys(envelopeOf({ originator: 'cert-eu' }), 'Advisory');
  expect(admits.length).toBeGreaterThan(1);
  for (const key of admits) expect(key).toMatch(/;[a-z]*[rsaue]/);
});

test('decides without a record whether a kind of reader may use a coordinate', () => {
  expect(policy.mayUse(analyst, 'MispEvent', 'info')).toBe(true);
  expect(policy.mayUse(auditor, 'MispEvent', 'info')).toBe(false);
  expect(policy.mayUse(analyst, 'MispEvent', 'nonsense')).toBe(false);
  expect(policy.mayUse(analyst, 'Nonsense', 'info')).toBe(false);
  const readerAccess = policy.accessOf(analyst, now);
  for (let time = 0; time < 2; time += 1) {
    expect(readerAccess.mayUse('MispEvent', 'info')).toBe(true);
    expect(readerAccess.mayUse('MispEvent', 'nonsense')).toBe(false);
  }
  expect(policy.usesOf(readerAccess.kind).get('MispEvent.info')).toBe(true);
});

function mayCreateName(reader: Reader, kind: string | null): boolean {
  return policy.mayEver(reader, kind, 'entity-name', 'create');
}

test('mayEver without a kind allows an action that is allowed on any kind', () => {
  const operator = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });
  expect(mayCreateName(operator, 'UnionIncident')).toBe(true);
  expect(mayCreateName(operator, 'Advisory')).toBe(false);
  expect(mayCreateName(operator, null)).toBe(true);
  expect(mayCreateName(auditor, null)).toBe(false);
});

test('gives readers in the same classes the same kind', () => {
  const kindOf = (reader: Reader) => policy.accessOf(reader, now).kind;
  expect(policy.classesOf(analyst)).toEqual(['natural-persons', 'technical-partners', 'hold-partners']);
  expect(kindOf(analyst)).toBe(kindOf({ ...analyst, subject: 'u-2', organisation: 'enisa' }));
  expect(kindOf(analyst)).not.toBe(kindOf(auditor));
  expect(kindOf(analyst)).toContain(policy.version);
});

test('caches by kind of reader, and forgets the kinds that were not used for the longest time', () => {
  const own = readPolicy();
  const [first, second] = [own.usesOf('1'), own.usesOf('2')];
  expect(second).not.toBe(first);
  for (let kind = 3; kind <= 500; kind += 1) {
    own.usesOf(String(kind));
    expect(own.usesOf('1')).toBe(first);
  }
  expect(own.usesOf('2')).not.toBe(second);
});

test('converts a version to its name and back, and rejects other names', () => {
  expect(policy.version).toBe(nameOfVersion(policy.source.version));
  expect(nameOfVersion(12)).toBe('joint-baseline-12');
  expect(numberOfVersion('joint-baseline-12')).toBe(12);
  for (const name of [
    'joint-baseline-',
    'joint-baseline-x',
    'xjoint-baseline-1',
    'joint-baseline-1x',
    'joint-baseline-01',
    '',
  ])
    expect(numberOfVersion(name)).toBeNull();
});

test('lets a store count rows by their access keys alone while one policy version is in use', () => {
  expect(policy.keysDecide).toBe(true);
});

test('limits a filter to 150 access keys', () => {
  const keys = Array.from({ length: maxHeldKeys }, (_key, at) => `k${at}`);
  expect(compileFilter(keys, now).admits.$in).toHaveLength(150);
  expect(() => compileFilter([...keys, 'one more'], now)).toThrow(
    'expected at most 150 access keys, got 151',
  );
});

test('matches a class by organisation, role, client, strength and purpose', () => {
  const anyone = {
    name: 'x',
    is: 'x',
    roles: null,
    organisations: null,
    client: null,
    strong: null,
    purposes: null,
  };
  expect(isOfClass(analyst, anyone)).toBe(true);
  for (const [asked, other] of [
    [{ organisations: new Set(['cert-eu']) }, { organisation: 'enisa' }],
    [{ roles: new Set(['cert-eu-analyst']) }, { roles: ['duty-officer'] }],
    [{ client: 'person' }, { client: 'machine' }],
    [{ strong: false }, { onScreen: true }],
    [{ purposes: new Set(['incident-response']) }, { purpose: null }],
  ] as const) {
    const one = { ...anyone, ...asked } as Parameters<typeof isOfClass>[1];
    expect([isOfClass(analyst, one), isOfClass({ ...analyst, ...other }, one)]).toEqual([true, false]);
  }
});

test('a reader without shares, grants, agreements, state or purpose has only the basic relations', () => {
  const nobody = readerOf({ communities: [], memberState: null, purpose: null });
  const held = Object.fromEntries(relations.map((name) => [name, readerSide(name, nobody, now)]));
  const empty = Object.keys(held).filter((name) => held[name as keyof typeof held]?.length === 0);
  expect(empty.toSorted()).toEqual(
    [
      'client with an onward share',
      'holder of a grant',
      'member of its community',
      'of a Member State that was told',
      'of its Member State',
      'party to an agreement for its purpose',
      'recipient for its purpose',
      'recipient of an emergency release',
      'recipient of a confirmed release',
    ].toSorted(),
  );
  const plain = envelopeOf();
  for (const name of [
    'of its Member State',
    'of a Member State that was told',
    'holder of a grant',
    'recipient of an emergency release',
    'recipient of a confirmed release',
  ] as const)
    expect(recordSide(name, plain)).toEqual([]);
});

test('an agreement gives access only for its purposes, up to its TLP ceiling', () => {
  const held = {
    id: 'a-1',
    until: '2027-01-01T00:00:00Z',
    tlpCeiling: 'GREEN',
    purposes: ['incident-response'],
  };
  const party = readerOf({ agreements: [held] as never });
  expect(readerSide('party to an agreement for its purpose', party, now)).toEqual([
    'agreement:a-1:CLEAR+for:incident-response',
    'agreement:a-1:GREEN+for:incident-response',
  ]);
  for (const purpose of [null, 'threat-analysis'] as const)
    expect(readerSide('party to an agreement for its purpose', { ...party, purpose }, now)).toEqual([]);
});

test('ignores an onward share by an organisation outside the audience', () => {
  const share = { id: 's-1', by: 'csirt-fr' };
  const envelope = envelopeOf({ onwardShares: [share] as never });
  const named = { ...envelope, audience: audienceOf({ organisations: ['csirt-fr'] }) };
  expect(recordSide('client with an onward share', envelope)).toEqual([]);
  expect(recordSide('client with an onward share', named)).toEqual(['share:csirt-fr:s-1']);
});
