import { errors, interactionPolicy, Provider } from 'oidc-provider';
import type {
  AccessToken,
  Client,
  ClientCredentials,
  Configuration,
  JWTStructured,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider';
import { acr, asksStrong } from './acr.ts';
import { errorPage, securityHeaders } from './pages.ts';
import { findSubject, machineClientId, readers } from './readers.ts';
import type { TrialReader } from './readers.ts';
import { hubScopes, readScopes, refuseUngranted, withPicture } from './scopes.ts';
import type { ScopeRefusal, Stated } from './scopes.ts';
import type { TrialSecrets } from './secrets.ts';
import { memorySessions } from './sessions.ts';

/** The lifetime of an access token. */
const accessTokenSeconds = 15 * 60;

/** The issuer's URL, the hub that its tokens are for, and its secrets. */
export type IssuerFacts = {
  readonly issuer: string;
  readonly hubUrl: string;
  readonly secrets: TrialSecrets;
};

/** Creates the trial's OpenID provider: RFC 9068 access tokens for one hub (RFC 8707), PKCE required, no dynamic clients. */
export function createProvider(facts: IssuerFacts, now: () => number): Provider {
  const provider = new Provider(facts.issuer, configure(facts, now));
  // The library prints errors that have no listener. `server_error` reports the internal ones; requests get a response.
  provider.silent = true;
  return provider;
}

function configure({ hubUrl, secrets }: IssuerFacts, now: () => number): Configuration {
  return {
    adapter: memorySessions(now),
    jwks: { keys: [secrets.signingKey] },
    // Cookies do not depend on the port: distinct names keep them apart from other servers on 127.0.0.1.
    cookies: {
      keys: [secrets.cookieKey],
      names: { session: 'jcu_issuer', interaction: 'jcu_issuer_login', resume: 'jcu_issuer_resume' },
    },
    clients: clients(secrets),
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    clientBasedCORS: (_ctx, origin, client) => client.clientAuthMethod === 'none' && isLoopback(origin),
    scopes: ['openid'],
    acrValues: Object.values(acr),
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => hubUrl,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) => admitRequest(ctx, resource, client, hubUrl),
      },
    },
    interactions: { policy: logins(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, subject) => {
      const reader = findSubject(subject);
      return reader?.client === 'interactive'
        ? { accountId: subject, claims: () => ({ sub: subject }) }
        : undefined;
    },
    loadExistingGrant: (ctx) => grantRequested(ctx, hubUrl),
    // A code stays valid for its minute even if the same browser requests another one.
    expiresWithSession: () => false,
    formats: { customizers: { jwt: stateReader } },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.set(securityHeaders());
      ctx.body = errorPage(out.error, out.error_description ?? '');
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: accessTokenSeconds,
      Interaction: 600,
      Session: 8 * 3600,
    },
  };
}

function clients(secrets: TrialSecrets): NonNullable<Configuration['clients']> {
  const open = {
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  } as const;
  return [
    // RFC 8252 section 7.3: a loopback redirect with any port.
    {
      ...open,
      client_id: 'jcu-trial-cli',
      client_name: 'command line',
      redirect_uris: ['http://127.0.0.1/callback'],
    },
    {
      ...open,
      client_id: 'jcu-dashboard',
      client_name: 'dashboard',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
    },
    ...readers
      .filter((reader) => reader.client === 'machine')
      .map((reader) => ({
        client_id: machineClientId(reader),
        client_secret: secrets.clients[machineClientId(reader)] ?? '',
        token_endpoint_auth_method: 'client_secret_basic' as const,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      })),
  ];
}

function isLoopback(origin: string): boolean {
  const parsed = URL.parse(origin);
  return parsed?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(parsed.hostname);
}

/** No consent prompt. Requires a login, and a new one if two factors are requested and the session has one. */
function logins(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'second_factor',
        'a login with the second factor is required',
        'login_required',
        (ctx) => asksStrong(ctx.oidc.params?.['acr_values']) && ctx.oidc.session?.acr !== acr.strong,
      ),
    );
  return policy;
}

/** RFC 8707: tokens are for the hub only. Both flows call this function, so it reads the scopes. */
function admitRequest(
  ctx: KoaContextWithOIDC,
  resource: string,
  client: Client,
  hubUrl: string,
): ResourceServer {
  if (resource !== hubUrl) throw new errors.InvalidTarget(`tokens of this issuer are for ${hubUrl} only`);
  const params = ctx.oidc.params;
  if (params !== undefined && params['grant_type'] !== 'authorization_code') {
    const asked = accept(readScopes(scopeOf(ctx)));
    const machine = machineOf(client.clientId);
    if (machine !== undefined) refuse(refuseUngranted(asked, machine));
    params['scope'] = withPicture(scopeOf(ctx), asked);
  }
  return {
    scope: hubScopes.join(' '),
    audience: hubUrl,
    accessTokenTTL: accessTokenSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'EdDSA' } },
  };
}

/** Grants exactly the requested scopes; throws `invalid_scope` if the reader may not have one of them. */
async function grantRequested(
  ctx: KoaContextWithOIDC,
  hubUrl: string,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  const reader = findSubject(ctx.oidc.account?.accountId ?? '');
  // After a new login it may be another reader: do not decide by the session that ends.
  if (reader === undefined || ctx.oidc.promptPending('login')) return undefined;
  refuse(refuseUngranted(accept(readScopes(scopeOf(ctx))), reader));
  const grant = new ctx.oidc.provider.Grant({
    accountId: reader.subject,
    clientId: ctx.oidc.client?.clientId,
  });
  grant.addOIDCScope([...ctx.oidc.requestParamOIDCScopes].join(' '));
  grant.addResourceScope(
    hubUrl,
    hubScopes.filter((scope) => ctx.oidc.requestParamScopes.has(scope)).join(' '),
  );
  await grant.save();
  return grant;
}

/** Adds the claims about the reader: from the reader's entry, the granted scopes and the login only. */
function stateReader(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  parts: JWTStructured,
): void {
  const login = token.kind === 'AccessToken' ? ctx.oidc.entities.AuthorizationCode : undefined;
  const reader = login === undefined ? machineOf(token.clientId) : findSubject(login.accountId ?? '');
  if (reader === undefined)
    throw new Error(`no reader belongs to the token of client ${token.clientId ?? '?'}`);
  const { purpose, picture } = accept(readScopes(token.scope ?? ''));
  Object.assign(parts.payload, {
    sub: reader.subject,
    organisation: reader.organisation,
    picture,
    acr: login?.acr ?? acr.basic,
    ...(purpose === null ? {} : { purpose }),
    ...(login === undefined ? {} : { auth_time: login.authTime, interactive: true }),
  });
}

function machineOf(clientId: string | undefined): TrialReader | undefined {
  return readers.find((reader) => reader.client === 'machine' && machineClientId(reader) === clientId);
}

function scopeOf(ctx: KoaContextWithOIDC): string {
  const scope = ctx.oidc.params?.['scope'];
  return typeof scope === 'string' ? scope : '';
}

function accept(asked: Stated | ScopeRefusal): Stated {
  if ('refused' in asked) throw new errors.InvalidScope(asked.refused, asked.scope);
  return asked;
}

function refuse(refusal: ScopeRefusal | undefined): void {
  if (refusal !== undefined) throw new errors.InvalidScope(refusal.refused, refusal.scope);
}
