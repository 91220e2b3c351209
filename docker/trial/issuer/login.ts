import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors } from 'oidc-provider';
import type { Provider } from 'oidc-provider';
import { acr, asksStrong } from './acr.ts';
import { errorPage, loginPage, securityHeaders } from './pages.ts';
import { findReader, readers } from './readers.ts';
import { readScopes } from './scopes.ts';
import { secretsPath } from './secrets.ts';
import type { Credentials, TrialSecrets } from './secrets.ts';

/** The provider and the secrets that a login is checked against. The page names `home` as the place of the passwords. */
export type LoginDesk = {
  readonly provider: Provider;
  readonly home: string;
  readonly secrets: TrialSecrets;
};

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const maxFormBytes = 4096;

/**
 * Serves the login page: shows the form, checks it, redirects to the client. The library binds an interaction to the
 * browser by a signed cookie for this path. A form from another origin or for another login is refused.
 */
export async function answerLogin(
  desk: LoginDesk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const interaction = await findInteraction(desk.provider, request, response);
  if (interaction === undefined) {
    return sendPage(
      response,
      400,
      errorPage(
        'Login not found',
        'This login has expired. Start again from the application that you came from.',
      ),
    );
  }
  if (request.method === 'GET') return showForm(desk, interaction, response, 200);
  const form = isOwnForm(request, interaction) ? await readForm(request) : undefined;
  if (form === undefined)
    return sendPage(response, 400, errorPage('Invalid form', 'Expected the form of this login page.'));
  return takeForm(desk, interaction, form, request, response);
}

async function findInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Interaction | undefined> {
  try {
    const interaction = await provider.interactionDetails(request, response);
    const isThis = request.url === `/interaction/${interaction.uid}`;
    return isThis && interaction.prompt.name === 'login' ? interaction : undefined;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

function isOwnForm(request: IncomingMessage, interaction: Interaction): boolean {
  const own = new URL(interaction.returnTo).origin;
  const { origin, 'content-type': type } = request.headers;
  return request.method === 'POST' && (origin === undefined || origin === own) && isUrlEncoded(type);
}

function isUrlEncoded(type: string | undefined): boolean {
  return type?.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxFormBytes) return undefined;
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

async function takeForm(
  desk: LoginDesk,
  interaction: Interaction,
  form: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const login = checkLogin(desk.secrets, form, asksStrong(interaction.params['acr_values']));
  if (login === undefined && !form.has('leave')) return showForm(desk, interaction, response, 403);
  const cancelled = { error: 'access_denied', error_description: 'the reader cancelled the login' };
  const result =
    login === undefined || form.has('leave') ? cancelled : { login: { ...login, remember: false } };
  return desk.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Returns the reader and the strength of the login, or undefined. Does not reveal which of the three values was wrong. */
function checkLogin(
  secrets: TrialSecrets,
  form: URLSearchParams,
  strong: boolean,
): { accountId: string; acr: string; amr: string[] } | undefined {
  const reader = findReader(form.get('user') ?? '');
  const known: Credentials | undefined =
    reader?.client === 'interactive' ? secrets.people[reader.as] : undefined;
  const code = form.get('code') ?? '';
  const passes = isSame(form.get('password') ?? '', known?.password ?? '');
  const second = isSame(code, known?.secondFactor ?? '');
  if (reader === undefined || known === undefined || !passes) return undefined;
  if (!second && (strong || code !== '')) return undefined;
  return {
    accountId: reader.subject,
    acr: second ? acr.strong : acr.basic,
    amr: second ? ['pwd', 'otp', 'mfa'] : ['pwd'],
  };
}

function isSame(given: string, known: string): boolean {
  const [one, other] = [given, known].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

async function showForm(
  desk: LoginDesk,
  { params }: Interaction,
  response: ServerResponse,
  status: 200 | 403,
): Promise<void> {
  const scopes = readScopes(textOf(params['scope']));
  const asked = 'refused' in scopes ? { purpose: null, picture: '' } : scopes;
  const client = await desk.provider.Client.find(textOf(params['client_id']));
  const page = loginPage({
    client: client?.clientName ?? textOf(params['client_id']),
    purpose: asked.purpose === null ? 'no purpose stated' : `purpose ${asked.purpose}`,
    picture: asked.picture === 'real' ? 'the real picture' : `the picture of ${asked.picture}`,
    strong: asksStrong(params['acr_values']),
    names: readers.filter((reader) => reader.client === 'interactive').map((reader) => reader.as),
    secretsPath: secretsPath(desk.home),
    refused: status === 403,
  });
  sendPage(response, status, page, URL.parse(textOf(params['redirect_uri']))?.origin);
}

function textOf(parameter: unknown): string {
  return typeof parameter === 'string' ? parameter : '';
}

function sendPage(response: ServerResponse, status: number, page: string, target?: string): void {
  response.writeHead(status, { ...securityHeaders(target), 'content-type': 'text/html; charset=utf-8' });
  response.end(page);
}
