import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLocalJWKSet, type CryptoKey, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { checkAssertion, openAssertion, sessionOf, signAssertion } from '../../schema/protocol/assertion.ts';
import { offerSession, acceptOffer } from '../../schema/protocol/session.ts';
import { assertionOf } from '../helpers/as-hub.ts';
import { percentile, round, table } from './figures.ts';

const help = `Measures the cost of an assertion for each request: signed in a session (HMAC-SHA-256), compared with a signature
for each request (Ed25519), and the cost of agreeing on a session.

  npm run bench:assertion -- [options]

  --requests N   requests in each round (2000)
  --rounds N     rounds, in which all methods take turns (15); the figures are medians over the rounds
  --body BYTES   the size of each request's body (2000)
  --json FILE    all figures as JSON
  --help

One process, no network: sign and verify only, with the body's hash in both.

Examples:
  npm run bench:assertion
  npm run bench:assertion -- --rounds 3 --requests 500
  npm run bench:assertion -- --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '15' },
    body: { type: 'string', default: '2000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const ends = { deployment: 'trial', community: 'cert-eu' };
const assertion = assertionOf();
const type = 'jcu-assertion+jwt';

/** A method to sign and to verify. A verification that fails throws. */
type Way = {
  readonly name: string;
  sign(body: string): string | Promise<string>;
  verify(token: string, body: string): unknown;
};

type Measured = { readonly name: string; readonly signUs: number; readonly verifyUs: number };

/** Measures all methods in turns and reports. */
async function main(): Promise<void> {
  const body = JSON.stringify({ query: 'x'.repeat(Number(flags.body)) });
  const keys = await makeKeys();
  const ways = [inSession(), signedByEd25519(keys), inSessionByJose(await joseSecret())];
  const samples = new Map<string, Measured[]>(ways.map(({ name }) => [name, []]));
  for (let turn = 0; turn <= Number(flags.rounds); turn += 1) {
    for (const way of ways) {
      const measured = await measureRound(way, body);
      // The first round is the warm-up.
      if (turn > 0) samples.get(way.name)?.push(measured);
    }
  }
  const measured = [...samples].map(([name, rounds]) => medianOf(name, rounds));
  report(measured, await measureAgreement(keys));
}

async function makeKeys() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k-1' };
  return { id: 'k-1', privateKey, publicKey, jwk };
}

type Keys = Awaited<ReturnType<typeof makeKeys>>;

/** The current method: a session. */
function inSession(): Way {
  const session = {
    ...ends,
    id: randomUUID(),
    key: createSecretKey(randomBytes(32)),
    endsAt: new Date(Date.now() + 3_600_000),
  };
  let number = 0;
  return {
    name: 'HMAC in a session',
    sign: (body) => signAssertion(assertion, { body, number: (number += 1) }, session, new Date()),
    verify: (token, body) => {
      if (sessionOf(token) !== session.id) throw new Error('expected the session to be named');
      return checkAssertion(openAssertion(token, session), session, Buffer.from(body), new Date());
    },
  };
}

/** The former method: a JWT signed for each request. */
function signedByEd25519({ id, privateKey, jwk }: Keys): Way {
  const keys = createLocalJWKSet({ keys: [jwk] });
  return {
    name: 'Ed25519 (jose)',
    sign: async (body) =>
      await claimsOf(body).setProtectedHeader({ alg: 'EdDSA', typ: type, kid: id }).sign(privateKey),
    verify: async (token, body) => {
      const { payload } = await jwtVerify(token, keys, { ...expected, algorithms: ['EdDSA'] });
      if (payload['body'] !== digest(body)) throw new Error('expected this body');
    },
  };
}

/** A session with the HMAC of the library, which uses WebCrypto. */
function inSessionByJose(secret: CryptoKey): Way {
  return {
    name: 'HMAC in a session (jose)',
    sign: async (body) =>
      await claimsOf(body).setProtectedHeader({ alg: 'HS256', typ: type, kid: 's' }).sign(secret),
    verify: async (token, body) => {
      const { payload } = await jwtVerify(token, secret, { ...expected, algorithms: ['HS256'] });
      if (payload['body'] !== digest(body)) throw new Error('expected this body');
    },
  };
}

async function joseSecret(): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return await crypto.subtle.importKey('raw', randomBytes(32), algorithm, false, ['sign', 'verify']);
}

const expected = {
  typ: type,
  issuer: ends.deployment,
  audience: ends.community,
  requiredClaims: ['exp', 'iat', 'jti', 'reader', 'policy', 'body', 'correlationId'],
  maxTokenAge: 3600,
  clockTolerance: 2,
};

function claimsOf(body: string): SignJWT {
  const seconds = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...assertion, body: digest(body) })
    .setIssuer(ends.deployment)
    .setAudience(ends.community)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 10)
    .setJti(randomUUID());
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

async function measureRound(way: Way, body: string): Promise<Measured> {
  const count = Number(flags.requests);
  const tokens: string[] = [];
  const began = performance.now();
  for (let n = 0; n < count; n += 1) tokens.push(await way.sign(body));
  const signed = performance.now();
  for (const token of tokens) await way.verify(token, body);
  const verified = performance.now();
  return {
    name: way.name,
    signUs: ((signed - began) / count) * 1000,
    verifyUs: ((verified - signed) / count) * 1000,
  };
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function medianOf(name: string, rounds: readonly Measured[]): Measured {
  return {
    name,
    signUs: median(rounds.map(({ signUs }) => signUs)),
    verifyUs: median(rounds.map(({ verifyUs }) => verifyUs)),
  };
}

/** Measures both sides of an agreement, in microseconds. It happens every few minutes for each hub process and subgraph. */
async function measureAgreement(keys: Keys): Promise<number> {
  const known = new Map([[keys.id, { x: keys.jwk.x ?? '', key: keys.publicKey }]]);
  const taken: number[] = [];
  for (let n = 0; n < 300; n += 1) {
    const began = performance.now();
    const { token, conclude } = await offerSession(ends, keys, new Date());
    conclude((await acceptOffer(token, ends, known, new Date())).answer);
    taken.push((performance.now() - began) * 1000);
  }
  return percentile(taken.slice(100), 0.5);
}

function report(measured: readonly Measured[], agreementUs: number): void {
  if (flags.json !== undefined) {
    const figures = { node: process.version, flags, measured, agreementUs };
    writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const both = ({ signUs, verifyUs }: Measured) => signUs + verifyUs;
  const rows = measured.map((one) => [one.name, ...[one.signUs, one.verifyUs, both(one)].map(round)]);
  process.stdout.write(table(['way', 'sign us', 'verify us', 'both us'], rows));
  const [now, before] = measured.map(both);
  process.stdout.write(
    `\nAn agreement on a session costs both sides together ${round(agreementUs)} us, once in five minutes.\n` +
      `bench:assertion: ${round(now ?? Number.NaN)} us (per request, sign and verify, ` +
      `against ${round(before ?? Number.NaN)} us with Ed25519)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
