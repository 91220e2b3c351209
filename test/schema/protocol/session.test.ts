import { expect, test } from '@jest/globals';
import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { signAssertion } from '../../../schema/protocol/assertion.ts';
import {
  type HubKeys,
  offerSession,
  type SigningKey,
  acceptOffer,
} from '../../../schema/protocol/session.ts';
import { assertionOf, ends } from '../../helpers/as-hub.ts';

const now = new Date('2026-05-05T12:00:00Z');

async function keyPair(id: string): Promise<{ readonly signing: SigningKey; readonly keys: HubKeys }> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const { x = '' } = await exportJWK(publicKey);
  return { signing: { id, privateKey }, keys: new Map([[id, { x, key: publicKey }]]) };
}

const { signing, keys } = await keyPair('k-1');

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** Returns an offer that is signed with the hub's key, with changed claims or header. */
async function offerOf(
  changes: { readonly claims?: object; readonly header?: object; readonly without?: string } = {},
  key = signing,
) {
  const at = now.getTime() / 1000;
  const claims: Record<string, unknown> = {
    iss: 'trial',
    aud: 'cert-eu',
    jti: 'j-1',
    iat: at,
    exp: at + 600,
    key: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo',
    ...changes.claims,
  };
  if (changes.without !== undefined) delete claims[changes.without];
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'jcu-session+jwt', kid: key.id, ...changes.header })
    .sign(key.privateKey);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

test('both ends derive the same key, and each offer another one', async () => {
  const derived = new Set<string>();
  for (let n = 0; n < 3; n += 1) {
    const { token, conclude } = await offerSession(ends, signing, now);
    const taken = await acceptOffer(token, ends, keys, now);
    const session = conclude(taken.answer);
    expect(session.key.equals(taken.session.key)).toBe(true);
    expect([session.id, session.endsAt, session.community, session.deployment]).toEqual([
      taken.session.id,
      later(600),
      'cert-eu',
      'trial',
    ]);
    expect(taken.session.endsAt).toEqual(later(600));
    expect(taken.signedBy.kid).toBe('k-1');
    derived.add(session.key.export().toString('hex'));
  }
  expect(derived.size).toBe(3);
});

test('derives the key from the shared secret, the offer, both ends and both public keys only', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { x: ours = '' } = publicKey.export({ format: 'jwk' });
  const token = await offerOf({ claims: { key: ours } });
  const { session, answer } = await acceptOffer(token, ends, keys, now);
  const theirs = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: answer.key } });
  const secret = diffieHellman({ privateKey, publicKey: theirs });
  const salt = createHash('sha256').update(token).digest();
  const info = JSON.stringify(['jcu-session', 'trial', 'cert-eu', ours, answer.key]);
  const derived = Buffer.from(hkdfSync('sha256', secret, salt, info, 64));
  expect(session.key.export().equals(derived.subarray(0, 32))).toBe(true);
  const proof = createHmac('sha256', derived.subarray(32)).update('subgraph').digest('base64url');
  expect(answer.proof).toBe(proof);
});

test('derives different keys if an offer is accepted twice', async () => {
  const { token } = await offerSession(ends, signing, now);
  const [one, other] = [await acceptOffer(token, ends, keys, now), await acceptOffer(token, ends, keys, now)];
  expect(one.session.key.equals(other.session.key)).toBe(false);
});

test('rejects an answer without a proof, or with a foreign public key or proof', async () => {
  const { token, conclude } = await offerSession(ends, signing, now);
  const { answer } = await acceptOffer(token, ends, keys, now);
  const { answer: foreign } = await acceptOffer(token, ends, keys, now);
  const half = Buffer.alloc(32).toString('base64url');
  for (const wrong of [
    null,
    'text',
    {},
    { key: answer.key },
    { ...answer, key: foreign.key },
    { ...answer, proof: foreign.proof },
    { ...answer, proof: '' },
    { ...answer, proof: answer.proof.slice(1) },
    { ...answer, key: half },
    { ...answer, key: [answer.key] },
  ]) {
    expect(() => conclude(wrong)).toThrow();
  }
  expect(conclude(answer).community).toBe('cert-eu');
});

test('rejects an offer for another community or deployment, or outside its lifetime', async () => {
  const { token } = await offerSession(ends, signing, now);
  await expect(acceptOffer(token, { ...ends, community: 'enisa' }, keys, now)).rejects.toThrow(/aud/);
  await expect(acceptOffer(token, { ...ends, deployment: 'other' }, keys, now)).rejects.toThrow(/iss/);
  await expect(acceptOffer(token, ends, keys, later(13))).rejects.toThrow(/too far in the past/);
  await expect(acceptOffer(token, ends, keys, later(-3))).rejects.toThrow(/in the past|future/);
  expect((await acceptOffer(token, ends, keys, later(12))).session.community).toBe('cert-eu');
});

test('rejects an offer that is signed with a key that is not the hub’s', async () => {
  const { signing: stranger } = await keyPair('k-1');
  const { token } = await offerSession(ends, stranger, now);
  await expect(acceptOffer(token, ends, keys, now)).rejects.toThrow(/signature/);
  const { token: unknown } = await offerSession(ends, { ...signing, id: 'k-2' }, now);
  await expect(acceptOffer(unknown, ends, keys, now)).rejects.toThrow(/JCU_HUB_KEYS_FILE/);
  await expect(acceptOffer(await offerOf({ header: { kid: undefined } }), ends, keys, now)).rejects.toThrow();
});

test('rejects an offer with a missing claim, another type or too long a lifetime', async () => {
  expect((await acceptOffer(await offerOf(), ends, keys, now)).session.id).toBe('j-1');
  for (const without of ['iss', 'aud', 'jti', 'iat', 'exp', 'key']) {
    await expect(acceptOffer(await offerOf({ without }), ends, keys, now)).rejects.toThrow();
  }
  for (const typ of ['JWT', 'jcu-assertion+jwt', undefined]) {
    await expect(acceptOffer(await offerOf({ header: { typ } }), ends, keys, now)).rejects.toThrow(/typ/);
  }
  const exp = now.getTime() / 1000 + 601;
  await expect(acceptOffer(await offerOf({ claims: { exp } }), ends, keys, now)).rejects.toThrow(
    /at most 600 s/,
  );
});

test('rejects a public key of small order, which makes the secret predictable', async () => {
  for (const hex of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  ]) {
    const key = Buffer.from(hex, 'hex').toString('base64url');
    await expect(acceptOffer(await offerOf({ claims: { key } }), ends, keys, now)).rejects.toThrow();
  }
});

test('rejects the offer of a session that is signed with HMAC or not at all', async () => {
  const [, claims = ''] = (await offerOf()).split('.');
  const none = `${encode({ alg: 'none', typ: 'jcu-session+jwt', kid: 'k-1' })}.${claims}.`;
  await expect(acceptOffer(none, ends, keys, now)).rejects.toThrow(/alg/);
  const x = Buffer.from(keys.get('k-1')?.x ?? '', 'base64url');
  const confused = await new SignJWT(JSON.parse(Buffer.from(claims, 'base64url').toString()))
    .setProtectedHeader({ alg: 'HS256', typ: 'jcu-session+jwt', kid: 'k-1' })
    .sign(x);
  await expect(acceptOffer(confused, ends, keys, now)).rejects.toThrow(/alg/);
  const { session } = await acceptOffer(await offerOf(), ends, keys, now);
  const assertion = signAssertion(assertionOf(), { body: '{}', number: 1 }, session, now);
  await expect(acceptOffer(assertion, ends, keys, now)).rejects.toThrow(/alg/);
});
