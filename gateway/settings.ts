import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Budgets, parseBudget, rateOf } from './budget/budget.ts';
import { type PolicyFilePaths, readPolicyPaths } from '../schema/policy/files.ts';
import { communities, type Community } from '../schema/vocabulary.ts';

/** What the hub is told from outside: environment variables, checked once at start. */
export type HubSettings = PolicyFilePaths & {
  readonly host: string;
  readonly port: number;
  readonly deployment: string;
  /** The hub's own store: registry and trail, never records. */
  readonly storeUri: string;
  /** The OpenID provider, and the audience that its tokens must name (RFC 9068). */
  readonly issuer: string;
  readonly audience: string;
  /** `acr` values that count as strong authentication of a natural person. */
  readonly strongAcr: readonly string[];
  /** Where the private key (RFC 8037 OKP, Ed25519) is that sessions are offered under: read again when it changes. */
  readonly signingKeyFile: string;
  /** Where each community answers: from settings only, never from the supergraph. */
  readonly subgraphs: Readonly<Record<Community, string>>;
  readonly supergraph: string;
  /** How long a community may take for its part, in milliseconds. */
  readonly partDeadlineMs: number;
  /** What each reader and each organisation may spend. */
  readonly budgets: Budgets;
  readonly production: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the hub's settings. Throws one error that names every variable that is missing or wrong. */
export function readSettings(env: Environment): HubSettings {
  const wrong: string[] = [];
  const take = (name: string, what: string): string => {
    const value = env[name] ?? '';
    if (value === '') wrong.push(`${name}: ${what}, got nothing`);
    return value;
  };
  const settings: HubSettings = {
    host: env['JCU_HOST'] ?? '127.0.0.1',
    port: readNumber('JCU_PORT', env['JCU_PORT'] ?? '4000', 0, 65_535, wrong),
    deployment: take('JCU_DEPLOYMENT', "the deployment's id"),
    storeUri: take('JCU_STORE_URI', "the MongoDB URI of the hub's own store"),
    issuer: takeUrl('JCU_ISSUER', take('JCU_ISSUER', "the OpenID provider's issuer URL"), wrong),
    audience: take('JCU_AUDIENCE', 'the audience that access tokens must name'),
    strongAcr: (env['JCU_STRONG_ACR'] ?? '').split(' ').filter((value) => value !== ''),
    signingKeyFile: checkKey(
      take('JCU_SIGNING_KEY_FILE', "the hub's private Ed25519 key as a JWK file"),
      wrong,
    ),
    ...readPolicyPaths(take),
    subgraphs: readSubgraphs(take, wrong),
    supergraph: readText(env['JCU_SUPERGRAPH'] ?? committedSupergraph, 'JCU_SUPERGRAPH', wrong),
    partDeadlineMs: readNumber(
      'JCU_PART_DEADLINE_MS',
      env['JCU_PART_DEADLINE_MS'] ?? '3000',
      50,
      60_000,
      wrong,
    ),
    budgets: readBudgets(env, wrong),
    production: env['NODE_ENV'] === 'production',
  };
  if (wrong.length > 0) throw new Error(`the hub cannot start:\n  ${wrong.join('\n  ')}`);
  return settings;
}

const committedSupergraph = fileURLToPath(new URL('../schema/supergraph.graphql', import.meta.url));

function readSubgraphs(take: (name: string, what: string) => string, wrong: string[]) {
  const urls = communities.map((community) => {
    const name = `JCU_SUBGRAPH_${community.toUpperCase().replaceAll('-', '_')}_URL`;
    return [community, takeUrl(name, take(name, `the URL of ${community}'s subgraph`), wrong)];
  });
  return Object.fromEntries(urls) as Record<Community, string>;
}

function takeUrl(name: string, value: string, wrong: string[]): string {
  if (value !== '' && !/^https?:\/\//.test(value)) wrong.push(`${name}: an http or https URL, got ${value}`);
  return value;
}

function readNumber(name: string, value: string, least: number, most: number, wrong: string[]): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    wrong.push(`${name}: a whole number from ${least} to ${most}, got ${value}`);
  }
  return number;
}

/** A reader's budget is at most half of their organisation's, so that one alone cannot spend what is for all. */
function readBudgets(env: Environment, wrong: string[]): Budgets {
  const read = (name: string, standard: string) => {
    const value = env[name] ?? standard;
    const budget = parseBudget(value);
    if (budget === null) wrong.push(`${name}: POINTS/SECONDS in whole numbers, as ${standard}, got ${value}`);
    return budget ?? { points: 1, seconds: 1 };
  };
  const before = wrong.length;
  const reader = read('JCU_READER_BUDGET', '60000/60');
  const organisation = read('JCU_ORGANISATION_BUDGET', '600000/60');
  const isHalf = 2 * reader.points <= organisation.points && 2 * rateOf(reader) <= rateOf(organisation);
  if (wrong.length === before && !isHalf) {
    wrong.push(
      `JCU_READER_BUDGET: at most half of JCU_ORGANISATION_BUDGET, at once and each second, ` +
        `got ${reader.points}/${reader.seconds} of ${organisation.points}/${organisation.seconds}`,
    );
  }
  return { reader, organisation };
}

function readText(file: string, name: string, wrong: string[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    wrong.push(`${name}: a readable file, got ${file}`);
    return '';
  }
}

function checkKey(file: string, wrong: string[]): string {
  if (file === '') return file;
  try {
    JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    wrong.push(`JCU_SIGNING_KEY_FILE: a readable JWK file, got ${file}`);
  }
  return file;
}
