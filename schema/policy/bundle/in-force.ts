import { findPolicyGaps } from '../check/coverage.ts';
import { BundleError, openBundle, type OpenedBundle } from './bundle.ts';
import { readPolicyKeys } from './policy-keys.ts';

/** A version of the policy that was taken once, as it stays in a store: what decisions of its time were made by. */
export type KeptBundle = {
  readonly _id: number;
  readonly digest: string;
  /** The signed bundle itself. */
  readonly bundle: string;
  readonly issuedAt: string;
  readonly acceptedAt: Date;
};

/** What remembers the policies that were taken, across restarts. Both reject where the store does not answer. */
export type PolicyMemory = {
  /** The newest version that was ever taken here; null where none was. */
  newest(): Promise<Pick<KeptBundle, '_id' | 'digest' | 'acceptedAt'> | null>;
  /** Keeps a version for good. One that is there stays as it is. */
  keep(bundle: KeptBundle): Promise<void>;
};

/** All that were ever taken. Both reject where the store does not answer. */
export type PolicyArchive = PolicyMemory & {
  /** A version that was taken. Rejects where it never was. */
  find(version: number): Promise<KeptBundle>;
  /** The newest version that was taken before another; null where there was none. */
  before(version: number): Promise<number | null>;
};

/** Where a policy comes from: both texts as they are now. Rejects where a file is not there. */
export type PolicyFilesNow = () => Promise<{ readonly bundle: string; readonly keys: string }>;

export type PolicyWatch = {
  /** The bundle in force; null while there is none that may be, and then everything is refused. */
  current(): OpenedBundle | null;
  stop(): void;
};

/** Where an operator is told what came into force, and why nothing is. */
type Log = { warn(words: string): void; error(words: string): void };

const lookEveryMs = 500;

/**
 * Keeps the policy in force: looks at its files twice a second, takes a bundle that is good and no older than the
 * newest one ever taken, and has none in force while they hold anything else. So whoever puts a wrong bundle there
 * notices at once, and all goes on by itself when a good one is there. A bundle is replaced by rename: a file that is
 * half written is refused like any other that is not whole. A store that does not answer takes no bundle that was not
 * taken before; the one in force stays, since it was the newest a moment ago.
 */
export function watchPolicy(
  files: PolicyFilesNow,
  deployment: string | null,
  memory: PolicyMemory,
  log: Log,
): PolicyWatch {
  let inForce: OpenedBundle | null = null;
  let said: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const open = openOnce(files, deployment);
  const tell = (next: OpenedBundle | null, why: string) => {
    inForce = next;
    if (why === said || stopped) return;
    said = why;
    if (next === null) log.error(why);
    else log.warn(why);
  };
  const look = async (): Promise<void> => {
    try {
      const { opened, bundle } = await open();
      const isNew = opened.digest !== inForce?.digest;
      // The one in force goes on while the store is asked, and not if it does not answer: the file holds another.
      const old = await checkAge(opened, bundle, memory).catch((error: unknown) => {
        if (isNew) inForce = null;
        throw error;
      });
      if (old === null)
        tell(opened, `the policy in force is version ${opened.version}, signed by ${opened.signedBy}`);
      else tell(null, `${old} ${refused}`);
    } catch (error) {
      if (error instanceof BundleError)
        tell(null, `the policy bundle is not taken: ${error.message}. ${refused}`);
      else if (inForce === null)
        tell(null, `the store does not say which policies were taken: ${String(error)}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), lookEveryMs).unref();
  };
  void look();
  return {
    current: () => inForce,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

const refused =
  'Everything is refused until JCU_POLICY_BUNDLE_FILE holds a whole one of the newest version, put there by rename.';

/** Takes a bundle as the newest. What stands against it, in words; null where nothing does. */
export async function checkAge(
  opened: OpenedBundle,
  bundle: string,
  memory: PolicyMemory,
): Promise<string | null> {
  const newest = await memory.newest();
  if (newest !== null && newest._id > opened.version) {
    const since = newest.acceptedAt.toISOString();
    return `The policy bundle is of version ${opened.version}, and version ${newest._id} was taken at ${since}.`;
  }
  if (newest?._id === opened.version)
    return newest.digest === opened.digest
      ? null
      : `The policy bundle is another version ${opened.version} than the one that was taken.`;
  const { version, digest, issuedAt } = opened;
  await memory.keep({ _id: version, digest, bundle, issuedAt, acceptedAt: new Date() });
  // Another process may have been faster, with another bundle: what is there now is what counts.
  return await checkAge(opened, bundle, memory);
}

/**
 * Reads the files, and verifies and compiles only what has changed. Rejects with BundleError, also for a policy that
 * does not cover the graph.
 */
export function openOnce(
  files: PolicyFilesNow,
  deployment: string | null,
): () => Promise<{ readonly opened: OpenedBundle; readonly bundle: string }> {
  let known: {
    readonly bundle: string;
    readonly keys: string;
    readonly opened: Promise<OpenedBundle>;
  } | null = null;
  return async () => {
    const { bundle, keys } = await files().catch((error: unknown) => {
      if (error instanceof BundleError) throw error;
      throw new BundleError(`a file cannot be read (${String((error as { code?: unknown }).code)})`);
    });
    if (known?.bundle !== bundle || known.keys !== keys)
      known = { bundle, keys, opened: openWhole(bundle, keys, deployment) };
    return { opened: await known.opened, bundle };
  };
}

async function openWhole(bundle: string, keys: string, deployment: string | null): Promise<OpenedBundle> {
  const readKeys = await readPolicyKeys(keys).catch((error: unknown) => {
    throw new BundleError(`JCU_POLICY_KEYS_FILE: ${(error as Error).message}`);
  });
  const opened = await openBundle(bundle, readKeys, deployment);
  const gaps = findPolicyGaps(opened.policy);
  if (gaps.length > 0) throw new BundleError(`it does not cover the graph: ${gaps.join('; ')}`);
  return opened;
}
