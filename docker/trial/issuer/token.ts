import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { acr } from './acr.ts';
import { openBrowser } from './browser.ts';
import { IssuerError } from './issuer-error.ts';
import { findReader, machineClientId, readers } from './readers.ts';
import type { TrialReader } from './readers.ts';
import { readSecrets, secretsPath } from './secrets.ts';
import type { TrialSecrets } from './secrets.ts';

/** The reader to get a token for, and the issuer. `home` is the folder where that issuer keeps the passwords. */
export type TokenRequest = {
  readonly issuer: string;
  readonly home: string;
  readonly as: string;
  readonly purpose?: string | undefined;
  /** `real`, or the id of an exercise; by default the issuer chooses the trial's exercise. */
  readonly picture?: string | undefined;
  /** Log in with the second factor. */
  readonly strong?: boolean | undefined;
};

/** A bearer token and its expiry. */
export type Token = { readonly accessToken: string; readonly expiresAt: Date };

const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
});
type Discovery = z.infer<typeof discoverySchema>;

const client = { id: 'jcu-trial-cli', redirectUri: 'http://127.0.0.1/callback' };

const maxSteps = 6;

/**
 * Gets a token as one of the trial's readers: people by authorization code with PKCE (RFC 7636) and the login form,
 * machines by client credentials. Throws an IssuerError that says what to do.
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const reader = requireReader(request.as);
  const discovery = await discover(request.issuer);
  const secrets = await requireSecrets(request.home);
  const grant = reader.client === 'machine' ? askAsMachine : askAsPerson;
  const accessToken = await grant(discovery, reader, secrets, request);
  return { accessToken, expiresAt: new Date((decodeJwt(accessToken).exp ?? 0) * 1000) };
}

function requireReader(as: string): TrialReader {
  const reader = findReader(as);
  if (reader !== undefined) return reader;
  const names = readers.map((one) => one.as).join(', ');
  throw new IssuerError(
    'UNKNOWN_READER',
    `expected one of the trial's readers, got ${as}: there is no such reader; the trial has ${names}`,
  );
}

async function discover(issuer: string): Promise<Discovery> {
  const answer = await openBrowser(issuer).get(new URL(`${issuer}/.well-known/openid-configuration`));
  const discovery = discoverySchema.safeParse(answer.json());
  if (!discovery.success || discovery.data.issuer !== issuer) {
    throw new IssuerError(
      'NOT_THE_ISSUER',
      `expected the trial's issuer at ${issuer}, got another server: stop it, and run \`npm start\``,
    );
  }
  return discovery.data;
}

async function requireSecrets(home: string): Promise<TrialSecrets> {
  const secrets = await readSecrets(home);
  if (secrets !== undefined) return secrets;
  throw new IssuerError(
    'NO_SECRETS',
    `expected the issuer's secrets at ${secretsPath(home)}, found none: run \`npm start\` first, with the same JCU_HOME`,
  );
}

async function askAsMachine(
  discovery: Discovery,
  reader: TrialReader,
  secrets: TrialSecrets,
  request: TokenRequest,
): Promise<string> {
  if (request.strong)
    throw new IssuerError('REFUSED', `${reader.as} is a machine and has no second factor: omit --strong`);
  const id = machineClientId(reader);
  const basic = Buffer.from(`${id}:${secrets.clients[id] ?? ''}`).toString('base64');
  const form = { grant_type: 'client_credentials', scope: scopesOf(request).join(' ') };
  return redeem(discovery, form, { authorization: `Basic ${basic}` });
}

async function askAsPerson(
  discovery: Discovery,
  reader: TrialReader,
  secrets: TrialSecrets,
  request: TokenRequest,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const code = await logIn(discovery, reader, secrets, { ...request, verifier });
  return redeem(discovery, {
    grant_type: 'authorization_code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    code,
    code_verifier: verifier,
  });
}

/** Follows the authorization endpoint and the login form to the authorization code, as a browser does. */
async function logIn(
  discovery: Discovery,
  reader: TrialReader,
  secrets: TrialSecrets,
  request: TokenRequest & { readonly verifier: string },
): Promise<string> {
  const state = randomBytes(16).toString('base64url');
  const browser = openBrowser(discovery.issuer);
  const form = loginForm(reader, secrets, request.strong === true);
  let next = authorizationUrl(discovery, request, state);
  for (let step = 0; step < maxSteps; step += 1) {
    const isLogin = next.pathname.startsWith('/interaction/');
    const answer = isLogin ? await browser.post(next, form) : await browser.get(next);
    if (isLogin && answer.status === 403) {
      throw new IssuerError(
        'LOGIN_REFUSED',
        `the issuer refused the login of ${reader.as}: check that ${secretsPath(request.home)} belongs to this issuer`,
      );
    }
    if (answer.location === undefined) break;
    if (answer.location.href.startsWith(`${client.redirectUri}?`))
      return readCode(discovery, answer.location, state);
    next = answer.location;
  }
  throw new IssuerError('REFUSED', `the issuer at ${discovery.issuer} did not redirect back after the login`);
}

function authorizationUrl(
  discovery: Discovery,
  request: TokenRequest & { readonly verifier: string },
  state: string,
): URL {
  const url = new URL(discovery.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: ['openid', ...scopesOf(request)].join(' '),
    state,
    code_challenge: createHash('sha256').update(request.verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(request.strong ? { acr_values: acr.strong } : {}),
  }).toString();
  return url;
}

function scopesOf({ purpose, picture }: TokenRequest): readonly string[] {
  return [
    ...(purpose === undefined ? [] : [`purpose:${purpose}`]),
    ...(picture === undefined ? [] : [`picture:${picture}`]),
  ];
}

function loginForm(reader: TrialReader, secrets: TrialSecrets, strong: boolean): Record<string, string> {
  const known = secrets.people[reader.as];
  const code = strong ? { code: known?.secondFactor ?? '' } : {};
  return { user: reader.as, password: known?.password ?? '', ...code };
}

/** Reads the code of an authorization response whose `state` is ours and whose `iss` is the issuer's (RFC 9207). */
function readCode(discovery: Discovery, callback: URL, state: string): string {
  const answer = callback.searchParams;
  if (answer.get('state') !== state || answer.get('iss') !== discovery.issuer) {
    throw new IssuerError(
      'REFUSED',
      'the authorization response does not belong to this request (state or iss differs): try again',
    );
  }
  const code = answer.get('code');
  if (code === null) throw refusalOf(answer.get('error') ?? '', answer.get('error_description') ?? '');
  return code;
}

const tokenSchema = z.object({ access_token: z.string() });
const refusalSchema = z.object({ error: z.string(), error_description: z.string().default('') });

async function redeem(
  discovery: Discovery,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await openBrowser(discovery.issuer).post(new URL(discovery.token_endpoint), form, headers);
  const token = tokenSchema.safeParse(answer.json());
  if (token.success) return token.data.access_token;
  const refusal = refusalSchema.safeParse(answer.json());
  throw refusal.success
    ? refusalOf(refusal.data.error, refusal.data.error_description)
    : new IssuerError('REFUSED', `the issuer answered ${answer.status}`);
}

function refusalOf(error: string, description: string): IssuerError {
  const code = error === 'invalid_scope' ? 'SCOPE_REFUSED' : 'REFUSED';
  return new IssuerError(code, `the issuer refused (${error}): ${description}`);
}
