import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { acr } from './issuer/acr.ts';
import { openHome, policySettings, type TrialHome } from './home.ts';
import { signTrialPolicy, signTrialSupergraph } from './policy-office.ts';
import { retry } from './patience.ts';
import { type Death, type Observed, type Part, startPart } from './process.ts';
import { seedRegistry } from './registry.ts';
import { freePort } from './stores/ports.ts';
import { startStores, type Stores } from './stores/stores.ts';

export type TrialOptions = {
  readonly home: string;
  /** Run one database server for each store. */
  readonly apart?: boolean;
  /** The hub's port; 0 takes a free one. */
  readonly port?: number;
  readonly report?: (line: string) => void;
  /** Aborts the start: the parts that run are stopped in order, and the start rejects. */
  readonly signal?: AbortSignal;
  /** Gets each part that ended without being stopped. */
  readonly died?: (name: string, death: Death) => void;
  /** Further settings of every part, for tests of limits. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A running trial: each part is a separate process, as in a deployment. */
export type Trial = AsyncDisposable & {
  readonly home: TrialHome;
  readonly url: string;
  readonly issuer: string;
  readonly stores: Stores;
  /** The parts by name: `issuer`, `hub`, and each community. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Starts a part that was stopped or killed again, on the same port. */
  restart(name: string): Promise<void>;
  /** Stops everything in the order of a request: hub, communities and issuer, stores. */
  stop(): Promise<void>;
};

/** The audience of tokens: constant, so that a token stays valid when a test changes the port. */
const audience = 'http://127.0.0.1:4000/graphql';

/** Returns the settings of a part. A fixed port for metrics is the hub's; 0 gives each part a free one, which its log names. */
function envOf(name: string, env: TrialOptions['env'] = {}): Readonly<Record<string, string>> {
  const { JCU_METRICS_PORT: port, ...others } = env;
  return port === undefined || name === 'hub' || port === '0' ? env : others;
}

/** Starts stores, issuer, subgraphs and hub on this machine. If one fails, stops the others and throws. */
export async function startTrial(options: TrialOptions): Promise<Trial> {
  const report = options.report ?? (() => undefined);
  const home = openHome(options.home);
  await signTrialPolicy(home);
  const logs = join(home.folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const stores = await startStores({
    home: join(home.folder, 'stores'),
    apart: options.apart ?? false,
    report,
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  const parts = new Map<string, Part>();
  const start = async (name: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
    const { signal, died } = options;
    const observed = { report, signal, ...(died !== undefined && { died }) };
    const part = await startPart(name, args, { ...env, ...envOf(name, options.env) }, logs, observed);
    parts.set(name, part);
    report(`${name}: ${part.url}`);
    return part;
  };
  const stop = async () => {
    await parts.get('hub')?.stop();
    await Promise.all([...parts.values()].map(async (part) => await part.stop()));
    await stores.stop();
  };
  try {
    const launch = new Launch(home, stores, options.port ?? 4000, start, { report, signal: options.signal });
    const issuer = await launch.all();
    await untilReady(parts, report, logs, options.signal);
    options.signal?.throwIfAborted();
    return {
      home,
      url: parts.get('hub')?.url ?? '',
      issuer,
      stores,
      parts,
      restart: async (name) => await launch.again(name, parts.get(name)?.url ?? ''),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Waits for readiness: a part listens before it has its policy and store, and refuses requests until then. Throws after
 * ten minutes without a further part that is ready, and names the parts that are not.
 */
async function untilReady(
  parts: ReadonlyMap<string, Part>,
  report: (line: string) => void,
  logs: string,
  signal?: AbortSignal,
): Promise<void> {
  let waiting = [...parts.values()].filter(({ name }) => name !== 'issuer');
  let progress = Date.now();
  let reported = progress;
  for (;;) {
    const ready = await Promise.all(waiting.map(async ({ url }) => await isReady(url)));
    const left = waiting.filter((_part, index) => ready[index] !== true);
    if (left.length === 0) return;
    signal?.throwIfAborted();
    const now = Date.now();
    if (left.length < waiting.length) progress = now;
    waiting = left;
    const names = left.map(({ name }) => name).join(', ');
    const files = left.map(({ name }) => join(logs, `${name}.log`)).join(', ');
    if (now - progress > readyMs)
      throw new Error(`not ready within ${readyMs / 60_000} min: ${names}; see ${files}, then start again`);
    if (now - reported > reportMs) {
      reported = now;
      report(
        `waiting for policy and store of ${names}; see ${files}; Ctrl-C stops. ` +
          'If the policy or the graph was changed since the last start: npm start -- --fresh',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(30_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

const readyMs = 600_000;
const reportMs = 30_000;

type Start = (name: string, args: readonly string[], env: Readonly<Record<string, string>>) => Promise<Part>;

/** Starts each part with its file and its settings, and none of another part's. */
class Launch {
  readonly #home: TrialHome;
  readonly #stores: Stores;
  readonly #port: number;
  readonly #start: Start;
  readonly #observed: Required<Omit<Observed, 'died'>>;
  readonly #urls = new Map<string, string>();

  constructor(
    home: TrialHome,
    stores: Stores,
    port: number,
    start: Start,
    observed: Required<Omit<Observed, 'died'>>,
  ) {
    this.#home = home;
    this.#stores = stores;
    this.#port = port;
    this.#start = start;
    this.#observed = observed;
  }

  /** Starts all parts at once, each on a port chosen beforehand. Returns the issuer's URL. */
  async all(): Promise<string> {
    const seeded = this.#seed();
    const issuerPort = await freePort();
    const ports = new Map<Community, number>();
    // The system may return the same free port twice, because nothing listens on it yet.
    for (const community of communities) {
      let port = await freePort();
      while (port === issuerPort || [...ports.values()].includes(port)) port = await freePort();
      ports.set(community, port);
    }
    this.#urls.set('issuer', `http://127.0.0.1:${issuerPort}`);
    for (const [community, port] of ports) this.#urls.set(community, `http://127.0.0.1:${port}/graphql`);
    // Waits for each, even if one fails: `stop` must know every part that started.
    const [issuer, ...others] = await Promise.allSettled([
      this.#issuer(String(issuerPort)),
      ...[...ports].map(async ([community, port]) => await this.#community(community, String(port))),
      this.#hub(String(this.#port)),
      seeded,
    ]);
    for (const started of [issuer, ...others]) if (started.status === 'rejected') throw started.reason;
    return issuer.status === 'fulfilled' ? issuer.value : '';
  }

  /** Fills the registry. A busy store may miss the driver's time limit; entries that exist are kept. */
  async #seed(): Promise<void> {
    await retry({
      name: 'registry',
      run: async () => await seedRegistry(this.#stores.uris.hub),
      mayRetry: () => true,
      ...this.#observed,
    });
  }

  async again(name: string, url: string): Promise<void> {
    const { port } = new URL(url);
    const community = communities.find((one) => one === name);
    if (name === 'issuer') await this.#issuer(port);
    else if (name === 'hub') await this.#hub(port);
    else if (community !== undefined) await this.#community(community, port);
  }

  async #issuer(port: string): Promise<string> {
    const args = [
      'docker/trial/issuer/main.ts',
      '--port',
      port,
      '--home',
      this.#home.folder,
      '--hub',
      audience,
    ];
    const { url } = await this.#start('issuer', args, {});
    this.#urls.set('issuer', url);
    return url;
  }

  async #community(community: Community, port: string): Promise<void> {
    const part = await this.#start(community, [`subgraphs/${community}/main.ts`], {
      JCU_PORT: port,
      JCU_STORE_URI: this.#stores.uris[community],
      JCU_HUB_KEYS_FILE: this.#home.hubKeysFile,
      JCU_CURSOR_KEY: this.#home.cursorKeys[community],
      ...policySettings(this.#home),
    });
    this.#urls.set(community, part.url);
  }

  async #hub(port: string): Promise<void> {
    const subgraphs = communities.map((community) => [
      `JCU_SUBGRAPH_${community.toUpperCase().replaceAll('-', '_')}_URL`,
      this.#urls.get(community) ?? '',
    ]);
    // Again at each start: `npm run dev` restarts the hub after a change of the graph.
    await signTrialSupergraph(this.#home);
    await this.#start('hub', ['gateway/main.ts'], {
      JCU_SUPERGRAPH: this.#home.supergraphFile,
      JCU_PORT: port,
      JCU_STORE_URI: this.#stores.uris.hub,
      JCU_ISSUER: this.#urls.get('issuer') ?? '',
      JCU_AUDIENCE: audience,
      JCU_STRONG_ACR: acr.strong,
      JCU_SIGNING_KEY_FILE: this.#home.signingKeyFile,
      ...policySettings(this.#home),
      ...Object.fromEntries(subgraphs),
    });
  }
}
