import { readFileSync } from 'node:fs';
import { createAgent } from '../dispatch/fetch-subgraph.ts';
import { loadPlanner, type Planner } from '../plan/planner.ts';
import { listen, type Listening } from '../http/listen.ts';
import { serveOpen } from './http.ts';
import { createAnswer, type Limits } from './operations.ts';
import { createOpenSource, type OpenSource } from './source.ts';

/** The options of the open server. */
export type OpenOptions = {
  /** The file of the supergraph. */
  readonly supergraph: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** URLs of subgraphs that replace those in the supergraph, by name. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly limits: Limits;
  /** Whether identical queries that are in progress together are executed once. */
  readonly shares: boolean;
};

/**
 * Starts a separate server for trials of any supergraph: without tokens, policy and audit log. It has no key, issuer
 * or store, and listens on loopback only. It calls only those subgraphs whose URL is a loopback address. Throws if a
 * setting of the hub is present or NODE_ENV is production.
 */
export async function startOpen(options: OpenOptions): Promise<Listening> {
  refuseBesideHub(options.env);
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new Error(`--port: expected a whole number from 0 to 65535, got ${options.port}`);
  }
  const planner = await loadPlanner(readSupergraph(options.supergraph)).catch((error: unknown) => {
    throw placedIn(options.supergraph, error);
  });
  const sources = createSources(planner, options);
  const app = serveOpen(createAnswer(planner, sources, options.limits, options.shares));
  const listening = await listen(app, { host: '127.0.0.1', port: options.port, tlsCert: null, tlsKey: null });
  return {
    url: listening.url,
    stop: async () => {
      await listening.stop();
      await planner.stop();
    },
  };
}

/** Creates the source of each subgraph. Throws if an address is given for one that the supergraph does not have. */
function createSources(
  { subgraphs }: Planner,
  { addresses }: Pick<OpenOptions, 'addresses'>,
): ReadonlyMap<string, OpenSource> {
  const agent = createAgent();
  for (const name of addresses.keys()) {
    if (!subgraphs.has(name))
      throw new Error(`--subgraph: expected one of ${[...subgraphs.keys()].join(', ')}, got ${name}`);
  }
  return new Map(
    [...subgraphs].map(([name, stated]) => {
      const url = loopbackOnly(name, addresses.get(name) ?? stated);
      return [name, createOpenSource(name, url, agent, (line) => void process.stderr.write(line))];
    }),
  );
}

/** Throws if the environment has settings of the hub: somebody mistakes this server for the hub. */
function refuseBesideHub(env: Readonly<Record<string, string | undefined>>): void {
  const configured = Object.keys(env).filter((name) => name.startsWith('JCU_') && name !== 'JCU_LOG');
  if (configured.length > 0) {
    throw new Error(
      `--open has no tokens and no policy, and refuses to start if settings of the hub are set: unset ${configured.join(', ')}`,
    );
  }
  if (env['NODE_ENV'] === 'production') throw new Error('--open refuses to start with NODE_ENV=production');
}

/** Returns an error of the supergraph with the file, the line and the column, if it has a place. */
function placedIn(file: string, error: unknown): Error {
  const cause = error as Error & { readonly locations?: readonly { line: number; column: number }[] };
  const place = cause.locations?.[0];
  const at = place === undefined ? file : `${file}:${place.line}:${place.column}`;
  return new Error(`${at}: ${cause.message}`, { cause });
}

function readSupergraph(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`--supergraph: expected a readable file, got ${file}`, { cause: error });
  }
}

/** Returns the URL if it is a loopback address; otherwise null, so that the subgraph is never called. */
function loopbackOnly(name: string, url: string | undefined): string | null {
  const host = url === undefined || !URL.canParse(url) ? '' : new URL(url).hostname;
  if (['127.0.0.1', 'localhost', '[::1]'].includes(host)) return url ?? null;
  process.stderr.write(`${name}: ${url} is not a loopback address; its fields will be null\n`);
  return null;
}
