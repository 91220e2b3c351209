import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import {
  maxSupergraphBytes,
  openSupergraph,
  type OpenedSupergraph,
} from '../schema/compose/signed-supergraph.ts';
import type { PolicyMemory } from '../schema/policy/bundle/in-force.ts';
import { readPolicyKeys } from '../schema/policy/bundle/policy-keys.ts';

/** A verified supergraph with the signed text, as the store keeps it. */
export type SignedSupergraph = { readonly opened: OpenedSupergraph; readonly text: string };

/** The file of the supergraph, the keys of its signers, and the deployment that it is for. */
export type SupergraphFiles = {
  readonly supergraph: string;
  readonly policyKeysFile: string;
  readonly deployment: string;
};

/** Reads and verifies the supergraph of the settings. Throws if it is unsigned, malformed or of another deployment. */
export async function readSupergraph(files: SupergraphFiles): Promise<SignedSupergraph> {
  return await rejecting(files, async () => {
    if (statSync(files.supergraph).size > maxSupergraphBytes)
      throw new Error(`it is larger than ${maxSupergraphBytes} bytes`);
    return await verify(files, readFileSync(files.supergraph, 'utf8'));
  });
}

/** Verifies the text of the supergraph's file. Throws as `readSupergraph` does. */
export async function openSignedSupergraph(files: SupergraphFiles, text: string): Promise<SignedSupergraph> {
  return await rejecting(files, async () => await verify(files, text));
}

async function verify(
  { policyKeysFile, deployment }: SupergraphFiles,
  text: string,
): Promise<SignedSupergraph> {
  const keys = await readPolicyKeys(readFileSync(policyKeysFile, 'utf8'));
  return { opened: await openSupergraph(text, keys, deployment), text };
}

async function rejecting(
  { supergraph }: SupergraphFiles,
  open: () => Promise<SignedSupergraph>,
): Promise<SignedSupergraph> {
  try {
    return await open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`JCU_SUPERGRAPH: the supergraph ${supergraph} is rejected: ${reason}`, { cause: error });
  }
}

/** The acceptance of a supergraph by the hub's store. */
export type Acceptance = {
  /** Returns true once the store has confirmed that no newer supergraph was accepted before. */
  isAccepted(): boolean;
  /** Stops asking a store that does not answer. */
  stop(): void;
};

const retryMs = 500;

/**
 * Accepts a supergraph as the newest of this deployment. Throws if the store has a newer version, or another content of
 * this version. While the store does not answer, the hub starts, but `isAccepted` is false and every request is refused.
 */
export async function acceptSupergraph(
  signed: SignedSupergraph,
  memory: PolicyMemory,
  log: Pick<Logger, 'warn' | 'error'>,
): Promise<Acceptance> {
  let isAccepted = false;
  let timer: NodeJS.Timeout | undefined;
  const again = async (): Promise<void> => {
    try {
      const fault = await findSupergraphFault(signed, memory);
      if (fault === null) isAccepted = true;
      else log.error(`${fault} Every request is refused until the file has the newest supergraph.`);
    } catch {
      timer = setTimeout(() => void again(), retryMs).unref();
    }
  };
  try {
    const fault = await findSupergraphFault(signed, memory);
    if (fault !== null) throw new RejectedSupergraph(fault);
    isAccepted = true;
  } catch (error) {
    if (error instanceof RejectedSupergraph) throw error;
    log.warn(
      { error: String(error) },
      'the store does not say which supergraphs were accepted: trying again',
    );
    timer = setTimeout(() => void again(), retryMs).unref();
  }
  return { isAccepted: () => isAccepted, stop: () => clearTimeout(timer) };
}

class RejectedSupergraph extends Error {}

/** Keeps a version as the newest. Returns why it is rejected; null if it is accepted. Rejects if the store does not answer. */
export async function findSupergraphFault(
  signed: SignedSupergraph,
  memory: PolicyMemory,
): Promise<string | null> {
  const { version, digest, issuedAt } = signed.opened;
  const newest = await memory.newest();
  if (newest !== null && newest._id > version)
    return `JCU_SUPERGRAPH: version ${version} is older than version ${newest._id}, accepted at ${newest.acceptedAt.toISOString()}.`;
  if (newest?._id === version)
    return newest.digest === digest
      ? null
      : `JCU_SUPERGRAPH: another supergraph was accepted as version ${version}. Sign this one with a higher version.`;
  await memory.keep({ _id: version, digest, bundle: signed.text, issuedAt, acceptedAt: new Date() });
  // Another hub may have been faster with another supergraph: the stored one counts.
  return await findSupergraphFault(signed, memory);
}
