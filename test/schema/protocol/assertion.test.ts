import { expect, test } from '@jest/globals';
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { jwtVerify } from 'jose';
import {
  checkAssertion,
  openAssertion,
  sessionOf,
  signAssertion,
} from '../../../schema/protocol/assertion.ts';
import type { Session } from '../../../schema/protocol/session.ts';
import { assertionOf } from '../../helpers/as-hub.ts';
import { readerOf } from '../../helpers/records.ts';

const now = new Date('2026-05-05T12:00:00Z');
const body = '{"query":"{ a }"}';
const session: Session = {
  id: 'd3b0',
  deployment: 'trial',
  community: 'cert-eu',
  key: createSecretKey(randomBytes(32)),
  endsAt: later(600),
};
const assertion = assertionOf();
const token = signAssertion(assertion, { body, number: 7 }, session, now);

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** Verifies a token as a subgraph does. */
function verify(given: string, { of = session, bytes = body, at = now } = {}) {
  return checkAssertion(openAssertion(given, of), of, Buffer.from(bytes), at);
}

/** Returns a token with any header and claims, signed with the session key. */
function make(header: unknown, claims: unknown): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', session.key).update(signed).digest('base64url')}`;
}

const header = { alg: 'HS256', typ: 'jcu-assertion+jwt', kid: 'd3b0' };
const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

test('returns the assertion of the hub with its session, number and deployment', () => {
  expect(verify(token)).toEqual({ ...assertion, deployment: 'trial', session: 'd3b0', number: 7 });
  expect(sessionOf(token)).toBe('d3b0');
});

test('signs all fields of a reader, including new ones', () => {
  const grown = { ...readerOf(), clearance: { level: 'none', until: null }, desks: ['D-7'] };
  const signed = signAssertion({ ...assertion, reader: grown }, { body, number: 1 }, session, now);
  expect(verify(signed).reader).toEqual(grown);
});

test('passes the offices of a reader on, and takes an assertion without them as one without offices', () => {
  const offices = Array.from({ length: 50 }, (_, number) => ({
    office: `office-${number}`,
    until: '2026-12-31T00:00:00.000Z',
  }));
  const held = { ...assertion, reader: readerOf({ offices }) };
  expect(verify(signAssertion(held, { body, number: 1 }, session, now)).reader).toEqual(held.reader);
  const { offices: _, ...earlier } = readerOf();
  expect(verify(make(header, { ...claims, reader: earlier })).reader).toEqual(readerOf());
});

test('passes on the addressees of a change, and rejects a malformed statement', () => {
  const addressed = { record: 'MispEvent:1', organisations: ['csirt-de', 'csirt-pl'] };
  const stated = { ...assertion, addressed };
  expect(verify(signAssertion(stated, { body, number: 1 }, session, now)).addressed).toEqual(addressed);
  expect(verify(token)).not.toHaveProperty('addressed');
  const discreet = { record: 'MispEvent:1', organisations: [], discreet: ['csirt-de'], byOne: true } as const;
  const apart = { ...assertion, addressed: discreet };
  expect(verify(signAssertion(apart, { body, number: 1 }, session, now)).addressed).toEqual(discreet);
  for (const wrong of [
    null,
    'MispEvent:1',
    { record: 'MispEvent:1' },
    { ...addressed, record: '' },
    { ...addressed, organisations: ['csirt-de', 7] },
    { ...addressed, organisations: Array.from({ length: 101 }, () => 'csirt-de') },
    { ...addressed, beyond: 'all' },
    { ...addressed, byOne: false },
  ])
    expect(() => verify(make(header, { ...claims, addressed: wrong }))).toThrow('expected');
});

test('passes on the persons of a release whom the hub knows, and rejects a malformed statement', () => {
  const one = { organisation: 'csirt-de', subject: 'u-1' };
  const stated = { ...assertion, members: [one] };
  expect(verify(signAssertion(stated, { body, number: 1 }, session, now)).members).toEqual([one]);
  expect(verify(token)).not.toHaveProperty('members');
  for (const wrong of [
    null,
    'u-1',
    [null],
    [{ organisation: 'csirt-de' }],
    [{ ...one, subject: '' }],
    [{ ...one, subject: 'u'.repeat(201) }],
    [{ ...one, organisation: ['csirt-de'] }],
    Array.from({ length: 11 }, () => one),
  ])
    expect(() => verify(make(header, { ...claims, members: wrong }))).toThrow('expected');
});

const end = '2026-12-31T00:00:00.000Z';

test.each<[string, unknown]>([
  ['that are a text', 'case-lead'],
  ['that are null', null],
  ['that are an object', { office: 'case-lead', until: end }],
  ['that are names', ['case-lead']],
  ['one of which is null', [null]],
  ['without an end', [{ office: 'case-lead' }]],
  ['with an end that is null', [{ office: 'case-lead', until: null }]],
  ['with an end that is no time', [{ office: 'case-lead', until: 'never' }]],
  ['with an end that is a number', [{ office: 'case-lead', until: 4_000_000_000_000 }]],
  ['with a long end', [{ office: 'case-lead', until: `${' '.repeat(40)}${end}` }]],
  ['without a name', [{ until: end }]],
  ['with a name that is a list', [{ office: ['case-lead'], until: end }]],
  ['with a name of another form', [{ office: 'Case lead', until: end }]],
  ['of which there are 51', Array.from({ length: 51 }, () => ({ office: 'case-lead', until: end }))],
])('rejects offices %s', (_case, offices) => {
  const reader = { ...readerOf(), offices };
  expect(() => verify(make(header, { ...claims, reader }))).toThrow(/offices/);
});

test('creates a JWS that another library verifies (RFC 7515, HS256)', async () => {
  const { payload, protectedHeader } = await jwtVerify(token, session.key, {
    algorithms: ['HS256'],
    typ: 'jcu-assertion+jwt',
    issuer: 'trial',
    audience: 'cert-eu',
    currentDate: now,
  });
  expect([payload['reader'], protectedHeader]).toEqual([assertion.reader, header]);
});

test('rejects a token with any changed byte', () => {
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(() => verify(token.slice(0, at) + other + token.slice(at + 1))).toThrow();
  }
  for (const wrong of ['', '.', '..', 'a.b.c', `${token}.`, `${token}.x`, token.slice(0, -1), `${token}A`]) {
    expect(() => verify(wrong)).toThrow();
  }
});

test('rejects an assertion of another session or with another key of the same id', () => {
  expect(() => verify(token, { of: { ...session, id: 'd3b1' } })).toThrow(/of this session/);
  const other = { ...session, key: createSecretKey(randomBytes(32)) };
  expect(() => verify(token, { of: other })).toThrow(/key/);
});

test('rejects an assertion for another body, community or deployment', () => {
  expect(() => verify(token, { bytes: `${body} ` })).toThrow(/another body/);
  expect(() => verify(token, { of: { ...session, community: 'enisa' } })).toThrow(/another subgraph/);
  expect(() => verify(token, { of: { ...session, deployment: 'other' } })).toThrow(/another deployment/);
});

test('rejects an assertion after ten seconds and the clock tolerance, or after its session', () => {
  expect(verify(token, { at: later(11.9) }).number).toBe(7);
  expect(() => verify(token, { at: later(12) })).toThrow(/has expired/);
  expect(verify(token, { at: later(-2) }).number).toBe(7);
  expect(() => verify(token, { at: later(-2.1) })).toThrow(/future/);
  expect(() => verify(token, { of: { ...session, endsAt: later(5) }, at: later(5) })).toThrow(/has ended/);
});

test('rejects claims of the wrong type', () => {
  expect(verify(make(header, claims)).number).toBe(7);
  for (const exp of [undefined, null, 'soon', '9999999999', {}, [], 1e300]) {
    expect(() => verify(make(header, { ...claims, exp }))).toThrow();
  }
  expect(() => verify(make(header, { ...claims, body: undefined }))).toThrow();
  expect(() => verify(make(header, null))).toThrow();
});

test('rejects a header with another algorithm, type or parameter', () => {
  for (const changes of [
    { alg: 'none' },
    { alg: 'HS512' },
    { alg: 'EdDSA' },
    { typ: 'jcu-session+jwt' },
    { typ: 'JWT' },
    { crit: ['b64'], b64: false },
    { jwk: {} },
  ]) {
    expect(() => verify(make({ ...header, ...changes }, claims))).toThrow(/of this session/);
  }
  const [, payload = ''] = token.split('.');
  const none = Buffer.from('{"alg":"none","typ":"jcu-assertion+jwt","kid":"d3b0"}').toString('base64url');
  expect(() => verify(`${none}.${payload}.`)).toThrow(/of this session/);
});

function named(text: string): string | null {
  return sessionOf(`${Buffer.from(text).toString('base64url')}.e30.x`);
}

test('returns no session id for a malformed header', () => {
  expect(named(JSON.stringify(header))).toBe('d3b0');
  for (const text of ['', '{}', '{"kid":"d3b0"}', JSON.stringify({ ...header, kid: 'a"b' }), 'null']) {
    expect(named(text)).toBeNull();
  }
  expect(sessionOf('')).toBeNull();
});
