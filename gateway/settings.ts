import { type Budget, parseBudget, rateOf } from './budget/budget.ts';
import { outboundUrl } from './outbound/address.ts';
import { networks } from './outbound/webhook-address.ts';
import { longestKeptMs } from './plan/kept-answers.ts';
import { policySettings } from '../schema/policy/bundle/files.ts';
import {
  filePath,
  folderPath,
  jsonFile,
  oneOf,
  orNone,
  origins,
  text,
  textOfFile,
  wholeNumber,
  wordList,
} from '../schema/runtime/settings/forms.ts';
import {
  type Environment,
  type Form,
  type Read,
  readDeclared,
  secret,
  type Setting,
  setting,
} from '../schema/runtime/settings/settings.ts';
import {
  checkTracesUrl,
  metricsSettings,
  tracesRatio,
  tracesSettings,
} from '../schema/runtime/observe/settings.ts';
import { logLevel, mode } from '../schema/runtime/settings/common.ts';
import { checkTls, isLoopback, tlsSettings } from '../schema/runtime/tls.ts';
import { communities, type Community } from '../schema/record/vocabulary.ts';

/** The hub's settings, except the URLs of its subgraphs and its budgets. */
const own = {
  host: setting('JCU_HOST', 'address to listen on', text, '127.0.0.1'),
  port: setting('JCU_PORT', 'port to listen on; 0 selects a free port', wholeNumber(0, 65_535), '4000'),
  processes: setting(
    'JCU_PROCESSES',
    'processes of the hub that share the port, such as one for each core; the limits of a process hold for each, and each takes 0.5 GB',
    wholeNumber(1, 64),
    '1',
  ),
  storeUri: secret('JCU_STORE_URI', "MongoDB URI of the hub's own store (registry and audit log)", text),
  issuer: setting('JCU_ISSUER', 'issuer URL of the OpenID provider', outboundUrl),
  audience: setting('JCU_AUDIENCE', 'audience that access tokens must name (RFC 9068)', text),
  strongAcr: setting(
    'JCU_STRONG_ACR',
    '`acr` values that count as strong authentication of a person',
    wordList,
    '',
  ),
  issuerKeysSeconds: setting(
    'JCU_ISSUER_KEYS_SECONDS',
    'seconds after which a key that the issuer withdrew is refused at the latest; if the issuer does not answer for as long, every token is refused',
    wholeNumber(5, 600),
    '60',
  ),
  maxTokenSeconds: setting(
    'JCU_MAX_TOKEN_SECONDS',
    'longest lifetime of an access token in seconds; it limits the use of a stolen token',
    wholeNumber(60, 86_400),
    '3600',
  ),
  signingKeyFile: setting(
    'JCU_SIGNING_KEY_FILE',
    "the hub's private Ed25519 key, a JWK file (RFC 8037); read again when it changes",
    jsonFile,
  ),
  checkpointFile: setting(
    'JCU_AUDIT_CHECKPOINT_FILE',
    "file that gets the head of the audit log every 10 s; on a volume that the store's administrators cannot write to",
    orNone(filePath),
    '',
  ),
  ...policySettings,
  ...tlsSettings,
  subgraphsCa: setting(
    'JCU_SUBGRAPHS_CA_FILE',
    "certificate authority (PEM) of the subgraphs' certificates; without it, the authorities that this machine trusts",
    orNone(textOfFile),
    '',
  ),
  supergraph: setting(
    'JCU_SUPERGRAPH',
    'signed supergraph (schema/compose/sign.ts), under a key of JCU_POLICY_KEYS_FILE; read again when it changes',
    filePath,
  ),
  operations: setting(
    'JCU_OPERATIONS',
    'persisted operations of JCU_OPERATIONS_FOLDER: `off`; `allowed`, clients may send an id or any text; `only`, every other operation is refused (safelist), introspection too',
    oneOf('off', 'allowed', 'only'),
    'off',
  ),
  operationsFolder: setting(
    'JCU_OPERATIONS_FOLDER',
    'folder of persisted operations: *.graphql, and manifests of Apollo and Relay (*.json); read again when it changes',
    orNone(folderPath),
    '',
  ),
  storeDeadlineMs: setting(
    'JCU_STORE_DEADLINE_MS',
    "time limit for an answer of the hub's store on a budget, the registry or the revocations, in milliseconds; an entry of the audit log gets 500 more, and revocations that were not read for three times as long and 500 ms, or 5 s, refuse every request",
    wholeNumber(250, 10_000),
    '1500',
  ),
  partDeadlineMs: setting(
    'JCU_PART_DEADLINE_MS',
    'time limit for the response of a subgraph, in milliseconds',
    wholeNumber(50, 60_000),
    '3000',
  ),
  partConcurrency: setting(
    'JCU_PART_CONCURRENCY',
    'concurrent queries to one subgraph, each on a connection; more wait within the time limit, four times as many at most',
    wholeNumber(2, 1000),
    '64',
  ),
  keepMs: setting(
    'JCU_KEEP_MS',
    `milliseconds for which an answer that the communities allow to share is kept for readers with the same rights, ${longestKeptMs} at most: an answer can be as old; 0 keeps none`,
    wholeNumber(0, longestKeptMs),
    '0',
  ),
  maxRequests: setting(
    'JCU_MAX_REQUESTS',
    'requests in progress above which new ones get 503 (OVERLOADED): each may wait 10 s for its answer',
    wholeNumber(1, 10_000),
    '512',
  ),
  maxLoopDelayMs: setting(
    'JCU_MAX_LOOP_DELAY_MS',
    'mean delay of the event loop in milliseconds, over two seconds, above which new requests get 503 (OVERLOADED)',
    wholeNumber(10, 60_000),
    '500',
  ),
  drainMs: setting(
    'JCU_DRAIN_MS',
    'time between SIGTERM and the end of listening, in milliseconds: /ready says 503, and requests are still answered; above the period of the readiness probe',
    wholeNumber(0, 60_000),
    '250',
  ),
  corsOrigins: setting(
    'JCU_CORS_ORIGINS',
    'the origins of the web pages that may read responses (CORS), as https://dashboard.example; none by default',
    origins,
    '',
  ),
  webhookSecrets: setting(
    'JCU_WEBHOOK_SECRETS_FILE',
    'JSON file with the secrets of webhooks, `{"NAME": ["whsec_…"]}`; read again when it changes. Without it, no webhook is called',
    orNone(filePath),
    '',
  ),
  webhookNetworks: setting(
    'JCU_WEBHOOK_NETWORKS',
    'private networks that may contain the addresses of webhooks, such as 10.20.0.0/16; none by default',
    networks,
    '',
  ),
  log: logLevel,
  accessLog: setting(
    'JCU_ACCESS_LOG',
    'file that gets one JSON line for each request, or `-` for stdout; off by default. It has no data of persons; rotate it by copy and truncate',
    orNone(filePath),
    '',
  ),
  ...metricsSettings,
  ...tracesSettings,
  tracesRatio,
  production: mode,
};

const readerBudget = budget('JCU_READER_BUDGET', 'budget of each reader', '60000/60');
const organisationBudget = budget(
  'JCU_ORGANISATION_BUDGET',
  'budget of each organisation, for all its readers together',
  '600000/60',
);

/** The URL of each subgraph. It comes from settings only, never from the supergraph. */
const subgraphUrls = Object.fromEntries(
  communities.map((community) => [
    community,
    setting(
      `JCU_SUBGRAPH_${community.toUpperCase().replaceAll('-', '_')}_URL`,
      `URL of the subgraph of ${community}`,
      outboundUrl,
    ),
  ]),
) as Readonly<Record<Community, Setting<string>>>;

/** All settings of the hub, in the order of the help text. */
export const hubSettings: readonly Setting<unknown>[] = [
  ...Object.values(own),
  ...Object.values(subgraphUrls),
  readerBudget,
  organisationBudget,
];

/** The hub's validated settings. */
export type HubSettings = Read<typeof own> & {
  readonly subgraphs: Readonly<Record<Community, string>>;
  readonly budgets: { readonly reader: Budget; readonly organisation: Budget };
};

/** Reads the hub's settings. Throws one error that names every variable that is missing or wrong. */
export function readSettings(env: Environment): HubSettings {
  const wrong: string[] = [];
  const settings = {
    ...readDeclared(own, env, wrong),
    subgraphs: readDeclared(subgraphUrls, env, wrong) as Record<Community, string>,
    budgets: readBudgets(env, wrong),
  };
  checkTls(settings, wrong);
  if (settings.operations !== 'off' && settings.operationsFolder === null)
    wrong.push(
      `JCU_OPERATIONS_FOLDER: expected a folder with JCU_OPERATIONS=${settings.operations}, got nothing`,
    );
  if (wrong.length === 0 && settings.production) {
    checkAddresses(settings, wrong);
    checkTracesUrl(settings.tracesUrl, wrong);
  }
  if (wrong.length > 0) throw new Error(`the hub cannot start:\n  ${wrong.join('\n  ')}`);
  return settings;
}

/** In production the issuer, all subgraphs and the pages of CORS must have https URLs, unless they are on this machine. */
function checkAddresses(
  { issuer, subgraphs, corsOrigins }: Pick<HubSettings, 'issuer' | 'subgraphs' | 'corsOrigins'>,
  wrong: string[],
): void {
  const addresses = [
    ['JCU_ISSUER', issuer] as const,
    ...communities.map((name) => [subgraphUrls[name].name, subgraphs[name]] as const),
    ...corsOrigins.map((origin) => ['JCU_CORS_ORIGINS', origin] as const),
  ];
  for (const [name, address] of addresses) {
    const { protocol, hostname } = new URL(address);
    if (protocol !== 'https:' && !isLoopback(hostname))
      wrong.push(`${name}: expected an https URL with NODE_ENV=production, got ${address}`);
  }
}

function budget(name: string, means: string, standard: string): Setting<Budget> {
  const form: Form<Budget> = {
    expected: `POINTS/SECONDS in whole numbers, such as ${standard}`,
    read: (given) => {
      const parsed = parseBudget(given);
      if (parsed === null) throw new Error('expected POINTS/SECONDS');
      return parsed;
    },
  };
  return setting(name, means, form, standard);
}

/** Requires that a reader's budget is at most half of the organisation's, so that one reader cannot spend it all. */
function readBudgets(env: Environment, wrong: string[]) {
  const before = wrong.length;
  const budgets = readDeclared({ reader: readerBudget, organisation: organisationBudget }, env, wrong);
  if (wrong.length > before) return budgets;
  const { reader, organisation } = budgets;
  const isHalf = 2 * reader.points <= organisation.points && 2 * rateOf(reader) <= rateOf(organisation);
  if (!isHalf) {
    wrong.push(
      `JCU_READER_BUDGET: expected at most half of JCU_ORGANISATION_BUDGET, in points and in points per second, ` +
        `got ${reader.points}/${reader.seconds} of ${organisation.points}/${organisation.seconds}`,
    );
  }
  return budgets;
}
