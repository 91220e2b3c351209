import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { PolicyMemory } from '../schema/policy/bundle/in-force.ts';
import {
  type Acceptance,
  findSupergraphFault,
  openSignedSupergraph,
  type SignedSupergraph,
  type SupergraphFiles,
} from './supergraph.ts';

/** The supergraph in force, with what was loaded from it. */
export type WatchedSupergraph<Loaded> = {
  current(): Loaded;
  version(): number;
  /** Returns true once the store has confirmed that no newer supergraph was accepted before. */
  isAccepted(): boolean;
  /** Calls `listener` each time another supergraph has come into force. */
  onReplaced(listener: () => void): void;
  stop(): void;
};

/** A supergraph, what was loaded from it, and whether the store accepted it. */
export type InForce<Loaded> = {
  readonly signed: SignedSupergraph;
  readonly acceptance: Acceptance;
  readonly loaded: Loaded;
};

/** The parts that a change of the supergraph needs. */
export type SupergraphUse<Loaded> = {
  readonly memory: PolicyMemory;
  /** Loads a newer supergraph next to the one in force. Rejects if it cannot be used. */
  readonly load: (sdl: string) => Promise<Loaded>;
  /** Called before a loaded supergraph comes into force. */
  readonly prepare: (next: Loaded) => Promise<void>;
  /** Called after another supergraph came into force. Requests in progress still use the old one. */
  readonly replaced: (old: Loaded) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

const pollMs = 500;

/**
 * Reads the supergraph's file again, twice a second. A newer, signed and valid one is loaded and comes into force for new
 * requests. Any other content changes nothing, and is logged once with the reason. If the store does not answer, the newer
 * one waits for it. Replace the file by rename.
 */
export function watchSupergraph<Loaded>(
  files: SupergraphFiles,
  first: InForce<Loaded>,
  use: SupergraphUse<Loaded>,
): WatchedSupergraph<Loaded> {
  const watch = new SupergraphWatch(files, first, use);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const again = async (): Promise<void> => {
    try {
      await watch.look();
    } catch (error) {
      use.log.error(`${(error as Error).message}. Version ${watch.version} stays in force.`);
    }
    if (!isStopped) timer = setTimeout(() => void again(), pollMs).unref();
  };
  timer = setTimeout(() => void again(), pollMs).unref();
  return {
    current: () => watch.inForce.loaded,
    version: () => watch.version,
    isAccepted: () => watch.inForce.acceptance.isAccepted(),
    onReplaced: (listener) => void watch.listeners.push(listener),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      first.acceptance.stop();
    },
  };
}

/** A loaded supergraph that the store is asked to accept. */
type Waiting<Loaded> = Omit<InForce<Loaded>, 'acceptance'>;

class SupergraphWatch<Loaded> {
  readonly #files: SupergraphFiles;
  readonly #use: SupergraphUse<Loaded>;
  inForce: InForce<Loaded>;
  readonly listeners: (() => void)[] = [];
  /** The content of the file that needs nothing more: it is in force, or its fault was logged. */
  #decided: string | null;
  #waiting: Waiting<Loaded> | null = null;

  constructor(files: SupergraphFiles, first: InForce<Loaded>, use: SupergraphUse<Loaded>) {
    this.#files = files;
    this.#use = use;
    this.inForce = first;
    this.#decided = first.signed.text;
  }

  get version(): number {
    return this.inForce.signed.opened.version;
  }

  /** Reads the file once. Throws, once for each content, why it does not come into force. */
  async look(): Promise<void> {
    const text = await readFile(this.#files.supergraph, 'utf8').catch(() => '');
    if (text === this.#decided) return;
    if (this.#waiting?.signed.text !== text) {
      this.#decided = text;
      this.#waiting = null;
      this.#waiting = await this.#open(text);
      if (this.#waiting === null) return;
      this.#decided = null;
    }
    const next = this.#waiting;
    const fault = await findSupergraphFault(next.signed, this.#use.memory).catch(() => undefined);
    // The store does not answer: it is asked again at the next look.
    if (fault === undefined) return;
    [this.#decided, this.#waiting] = [text, null];
    if (fault !== null) throw new Error(fault);
    await this.#replace(next);
  }

  /** Verifies and loads a newer supergraph. Returns null for the one in force. */
  async #open(text: string): Promise<Waiting<Loaded> | null> {
    const signed = await openSignedSupergraph(this.#files, text);
    if (signed.opened.digest === this.inForce.signed.opened.digest) return null;
    if (signed.opened.version <= this.version)
      throw new Error(
        `JCU_SUPERGRAPH: version ${signed.opened.version} is not newer than version ${this.version}, which is in force: ` +
          'sign it with a higher version',
      );
    return { signed, loaded: await this.#use.load(signed.opened.sdl) };
  }

  async #replace({ signed, loaded }: Waiting<Loaded>): Promise<void> {
    await this.#use.prepare(loaded);
    const old = this.inForce.loaded;
    this.inForce = { signed, loaded, acceptance: { isAccepted: () => true, stop: () => undefined } };
    this.#use.log.warn(
      `the supergraph in force is version ${this.version}, signed by ${signed.opened.signedBy}`,
    );
    for (const listener of this.listeners) listener();
    this.#use.replaced(old);
  }
}
