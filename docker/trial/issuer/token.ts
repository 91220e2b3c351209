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

/** Which reader's token, from which issuer; `home` is where that issuer keeps the trial's passwords. */
export type TokenRequest = {
  readonly issuer: string;
  readonly home: string;
  readonly as: string;
  readonly purpose?: string | undefined;
  /** `real`, or the id of an exercise; the issuer gives the exercise by itself. */
  readonly picture?: string | undefined;
  /** Log in with the second factor. */
  readonly strong?: boolean | undefined;
};

/** A bearer token, and until when it is good. */
export type Token = { readonly accessToken: string; readonly expiresAt: Date };

const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
});
type Discovery = z.infer<typeof discoverySchema>;

const client = { id: 'jcu-trial-cli', redirectUri: 'http://127.0.0.1/callback' };

const MOST_STEPS = 6;

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
  throw new IssuerError('UNKNOWN_READER', `there is no reader ${as}; the trial has ${names}`);
}

async function discover(issuer: string): Promise<Discovery> {
  const answer = await openBrowser(issuer).get(new URL(`${issuer}/.well-known/openid-configuration`));
  const discovery = discoverySchema.safeParse(answer.json());
  if (!discovery.success || discovery.data.issuer !== issuer) {
    throw new IssuerError('NOT_THE_ISSUER', `what listens at ${issuer} is not the trial's issuer`);
  }
  return discovery.data;
}

async function requireSecrets(home: string): Promise<TrialSecrets> {
  const secrets = await readSecrets(home);
  if (secrets !== undefined) return secrets;
  throw new IssuerError(
    'NO_SECRETS',
    `${secretsPath(home)} is not there: run npm start first, with the same home`,
  );
}

async function askAsMachine(
  discovery: Discovery,
  reader: TrialReader,
  secrets: TrialSecrets,
  request: TokenRequest,
): Promise<string> {
  if (request.strong) throw new IssuerError('REFUSED', `${reader.as} is a machine and has no second factor`);
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

/** Walks from the authorization endpoint over the login form to the code, as a browser would. */
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
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const isLogin = next.pathname.startsWith('/interaction/');
    const answer = isLogin ? await browser.post(next, form) : await browser.get(next);
    if (isLogin && answer.status === 403) {
      throw new IssuerError(
        'LOGIN_REFUSED',
        `the issuer refused the login of ${reader.as}: is ${secretsPath(request.home)} its own?`,
      );
    }
    if (answer.location === undefined) break;
    if (answer.location.href.startsWith(`${client.redirectUri}?`))
      return readCode(discovery, answer.location, state);
    next = answer.location;
  }
  throw new IssuerError('REFUSED', `the issuer at ${discovery.issuer} did not lead back from the login`);
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

/** Takes the code of an authorization response that is ours (`state`) and the issuer's (`iss`, RFC 9207). */
function readCode(discovery: Discovery, callback: URL, state: string): string {
  const answer = callback.searchParams;
  if (answer.get('state') !== state || answer.get('iss') !== discovery.issuer) {
    throw new IssuerError('REFUSED', 'the authorization response is not an answer to this request');
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
