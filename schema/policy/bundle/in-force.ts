import { SignedFileError } from '../../runtime/signed-file.ts';
import type { Policy } from '../decide/policy.ts';
import { openBundle, type OpenedBundle } from './bundle.ts';
import { readPolicyKeys } from './policy-keys.ts';

/** A version of the policy that was accepted, as a store keeps it. Decisions of its time are explained with it. */
export type KeptBundle = {
  readonly _id: number;
  readonly digest: string;
  /** The signed bundle itself. */
  readonly bundle: string;
  readonly issuedAt: string;
  readonly acceptedAt: Date;
};

/** Remembers the accepted policies across restarts. Both functions reject if the store does not answer. */
export type PolicyMemory = {
  /** Returns the newest accepted version, or null. */
  newest(): Promise<Pick<KeptBundle, '_id' | 'digest' | 'acceptedAt'> | null>;
  /** Stores a version permanently. Does not change a version that is already stored. */
  keep(bundle: KeptBundle): Promise<void>;
};

/** All accepted policies. The functions reject if the store does not answer. */
export type PolicyArchive = PolicyMemory & {
  /** Returns an accepted version. Rejects if it was never accepted. */
  find(version: number): Promise<KeptBundle>;
  /** Returns the newest accepted version below `version`, or null. */
  before(version: number): Promise<number | null>;
};

/**
 * Returns a message for each fault of a policy in the part of the graph that a process answers: the hub answers all of it,
 * a subgraph its own. A policy with a fault is never in force.
 */
export type FindGaps = (policy: Policy) => readonly string[];

/** Reads the bundle and the keys. Rejects if a file cannot be read. */
export type PolicyFilesNow = () => Promise<{ readonly bundle: string; readonly keys: string }>;

export type PolicyWatch = {
  /** Returns the bundle in force. While it is null, every request is refused. */
  current(): OpenedBundle | null;
  stop(): void;
};

/** Logs which policy is in force, or why none is. */
type Log = { warn(message: string): void; error(message: string): void };

const pollMs = 500;

/**
 * Watches the policy files, twice a second. Accepts a bundle that is valid and not older than the newest accepted one.
 * While the files hold anything else, no policy is in force and every request is refused, so that the operator notices
 * at once. Replace a bundle by rename: a half-written file is rejected like any other invalid file. While the store does
 * not answer, a new bundle cannot be accepted, so no policy is in force; an unchanged bundle stays in force.
 */
export function watchPolicy(
  files: PolicyFilesNow,
  deployment: string | null,
  memory: PolicyMemory,
  { findGaps, log }: { readonly findGaps: FindGaps; readonly log: Log },
): PolicyWatch {
  let inForce: OpenedBundle | null = null;
  let lastMessage: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const open = openIfChanged(files, deployment, findGaps);
  const update = (next: OpenedBundle | null, message: string) => {
    inForce = next;
    if (message === lastMessage || stopped) return;
    lastMessage = message;
    if (next === null) log.error(message);
    else log.warn(message);
  };
  const look = async (): Promise<void> => {
    try {
      const { opened, bundle } = await open();
      const isNew = opened.digest !== inForce?.digest;
      // The old policy stays in force until the store answers. If the store fails, a changed file ends the old policy.
      const problem = await acceptBundle(opened, bundle, memory).catch((error: unknown) => {
        if (isNew) inForce = null;
        throw error;
      });
      if (problem === null)
        update(opened, `the policy in force is version ${opened.version}, signed by ${opened.signedBy}`);
      else update(null, `${problem} ${refusal}`);
    } catch (error) {
      if (error instanceof SignedFileError)
        update(null, `the policy bundle is rejected: ${error.message}. ${refusal}`);
      else if (inForce === null)
        update(null, `the store does not answer which policies were accepted: ${String(error)}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), pollMs).unref();
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

const refusal =
  'Every request is refused until JCU_POLICY_BUNDLE_FILE holds a valid bundle of the newest version. Replace it by rename.';

/** Accepts a bundle as the newest and stores it. Returns null, or a message that says why it is rejected. */
export async function acceptBundle(
  opened: OpenedBundle,
  bundle: string,
  memory: PolicyMemory,
): Promise<string | null> {
  const newest = await memory.newest();
  if (newest !== null && newest._id > opened.version) {
    const since = newest.acceptedAt.toISOString();
    return `The policy bundle has version ${opened.version}, but version ${newest._id} was accepted at ${since}.`;
  }
  if (newest?._id === opened.version)
    return newest.digest === opened.digest
      ? null
      : `The policy bundle differs from the version ${opened.version} that was accepted. Increase the version.`;
  const { version, digest, issuedAt } = opened;
  await memory.keep({ _id: version, digest, bundle, issuedAt, acceptedAt: new Date() });
  // Another process may have stored another bundle first: compare with the stored one.
  return await acceptBundle(opened, bundle, memory);
}

/**
 * Returns a function that reads the files and verifies and compiles them if they changed. It rejects with SignedFileError,
 * also if the policy does not cover the part of the graph that the process answers.
 */
export function openIfChanged(
  files: PolicyFilesNow,
  deployment: string | null,
  findGaps: FindGaps,
): () => Promise<{ readonly opened: OpenedBundle; readonly bundle: string }> {
  let last: {
    readonly bundle: string;
    readonly keys: string;
    readonly opened: Promise<OpenedBundle>;
  } | null = null;
  return async () => {
    const { bundle, keys } = await files().catch((error: unknown) => {
      if (error instanceof SignedFileError) throw error;
      throw new SignedFileError(
        `JCU_POLICY_BUNDLE_FILE or JCU_POLICY_KEYS_FILE cannot be read (${String((error as { code?: unknown }).code)})`,
      );
    });
    if (last?.bundle !== bundle || last.keys !== keys)
      last = { bundle, keys, opened: openAndCheck(bundle, keys, deployment, findGaps) };
    return { opened: await last.opened, bundle };
  };
}

async function openAndCheck(
  bundle: string,
  keys: string,
  deployment: string | null,
  findGaps: FindGaps,
): Promise<OpenedBundle> {
  const readKeys = await readPolicyKeys(keys).catch((error: unknown) => {
    throw new SignedFileError(`JCU_POLICY_KEYS_FILE: ${(error as Error).message}`);
  });
  const opened = await openBundle(bundle, readKeys, deployment);
  const gaps = findGaps(opened.policy);
  if (gaps.length > 0) throw new SignedFileError(`it does not cover the graph: ${gaps.join('; ')}`);
  return opened;
}
