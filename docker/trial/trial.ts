import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { acr } from './issuer/acr.ts';
import { openHome, policySettings, type TrialHome } from './home.ts';
import { signTrialPolicy } from './policy-office.ts';
import { type Part, startPart } from './process.ts';
import { seedRegistry } from './registry.ts';
import { freePort } from './stores/ports.ts';
import { startStores, type Stores } from './stores/stores.ts';

export type TrialOptions = {
  readonly home: string;
  /** One database server for each store. */
  readonly apart?: boolean;
  /** The hub's port; 0 takes a free one. */
  readonly port?: number;
  readonly report?: (line: string) => void;
  /** Aborted where the start is to be given up: what has begun is stopped in order, and the start is rejected. */
  readonly told?: AbortSignal;
  /** Further settings of the hub and of the subgraphs, for tests of their limits. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A trial that runs: every part a process of its own, as in a deployment. */
export type Trial = AsyncDisposable & {
  readonly home: TrialHome;
  readonly url: string;
  readonly issuer: string;
  readonly stores: Stores;
  /** The parts that run now, by name: `issuer`, `hub`, and each community. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Starts a part again on the port that it had, after it was stopped or killed. */
  restart(name: string): Promise<void>;
  /** Stops everything, in the order of the questions: hub, communities, issuer, stores. */
  stop(): Promise<void>;
};

/** Where the hub says that tokens are for: constant, so that a token outlives a change of port in a test. */
const audience = 'http://127.0.0.1:4000/graphql';

/** Starts stores, issuer, subgraphs and hub on this machine. Throws, with everything stopped again, if one fails. */
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
    ...(options.told !== undefined && { told: options.told }),
  });
  const parts = new Map<string, Part>();
  const start = async (name: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
    const part = await startPart(name, args, { ...env, ...options.env }, logs);
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
    const launch = new Launch(home, stores, options.port ?? 4000, start);
    const issuer = await launch.all();
    await untilReady(parts, report, logs);
    options.told?.throwIfAborted();
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

/** A part listens before it has its policy and its store: what is asked before that is refused. */
async function untilReady(
  parts: ReadonlyMap<string, Part>,
  report: (line: string) => void,
  logs: string,
): Promise<void> {
  const deciding = [...parts.values()].filter(({ name }) => name !== 'issuer');
  const until = Date.now() + readyMs;
  await Promise.all(
    deciding.map(async ({ name, url }) => {
      while (!(await isReady(url))) {
        if (Date.now() > until) return report(`${name} is not ready: see ${join(logs, `${name}.log`)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return undefined;
    }),
  );
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(new URL('/ready', url)).then(
    ({ ok }) => ok,
    () => false,
  );
}

const readyMs = 20_000;

type Start = (name: string, args: readonly string[], env: Readonly<Record<string, string>>) => Promise<Part>;

/** How each part is started: its file and its settings, and nothing of another's. */
class Launch {
  readonly #home: TrialHome;
  readonly #stores: Stores;
  readonly #port: number;
  readonly #start: Start;
  readonly #urls = new Map<string, string>();

  constructor(home: TrialHome, stores: Stores, port: number, start: Start) {
    this.#home = home;
    this.#stores = stores;
    this.#port = port;
    this.#start = start;
  }

  /** Starts all at once, each on a port that is chosen before; gives the issuer's address. */
  async all(): Promise<string> {
    const seeded = seedRegistry(this.#stores.uris.hub);
    const issuerPort = await freePort();
    const ports = new Map<Community, number>();
    // The system may give a port twice that nobody took in between.
    for (const community of communities) {
      let port = await freePort();
      while (port === issuerPort || [...ports.values()].includes(port)) port = await freePort();
      ports.set(community, port);
    }
    this.#urls.set('issuer', `http://127.0.0.1:${issuerPort}`);
    for (const [community, port] of ports) this.#urls.set(community, `http://127.0.0.1:${port}/graphql`);
    // Each is waited for, even if one fails: whoever stops the others must know of all that came up.
    const [issuer, ...others] = await Promise.allSettled([
      this.#issuer(String(issuerPort)),
      ...[...ports].map(async ([community, port]) => await this.#community(community, String(port))),
      this.#hub(String(this.#port)),
      seeded,
    ]);
    for (const started of [issuer, ...others]) if (started.status === 'rejected') throw started.reason;
    return issuer.status === 'fulfilled' ? issuer.value : '';
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
    await this.#start('hub', ['gateway/main.ts'], {
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
