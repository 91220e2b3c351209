import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Reader } from '../../schema/protocol/reader.ts';
import { communities, purposes } from '../../schema/record/vocabulary.ts';
import { withUri } from './import.ts';
import { findReader, organisations } from '../trial/issuer/readers.ts';
import { policyEnv } from '../trial/policy-office.ts';

/**
 * Runs a community's operator command as a process of its own, with that community's credentials and no other's.
 * `view --as READER` takes one of the trial's readers for the file that a deployment's operator writes.
 */
export async function operateCommunity(home: string, name: string, args: readonly string[]): Promise<number> {
  const community = communities.find((one) => one === name);
  if (community === undefined)
    throw new Error(`expected a community (${communities.join(', ')}), got ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'jcu-operate-'));
  try {
    const given = args[0] === 'view' ? ['view', ...asReaderFile(args.slice(1), folder)] : args;
    return await withUri(home, community, async (uri) => await run(home, community, uri, given));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `--as`, `--purpose`, `--picture` and `--strong` as a reader's file; what else is said stays. */
function asReaderFile(args: readonly string[], folder: string): readonly string[] {
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      as: { type: 'string' },
      purpose: { type: 'string' },
      picture: { type: 'string' },
      strong: { type: 'boolean' },
    },
  });
  if (typeof values.as !== 'string') return args;
  const file = join(folder, 'reader.json');
  writeFileSync(file, JSON.stringify(toReader(values.as, values)));
  const own = new Set(['as', 'purpose', 'picture', 'strong']);
  const others = tokens.flatMap((token) =>
    token.kind === 'option' && !own.has(token.name) ? [token.rawName] : [],
  );
  return ['--reader', file, ...others];
}

/** One of the trial's readers as the hub would see it, with nothing held but its organisation and roles. */
export function toReader(
  as: string,
  said: { readonly purpose?: unknown; readonly picture?: unknown; readonly strong?: unknown },
): Reader {
  const reader = findReader(as);
  const organisation = organisations.find(({ id }) => id === reader?.organisation);
  if (reader === undefined || organisation === undefined)
    throw new Error(`no reader of the trial is called ${as}`);
  const purpose = purposes.find((one) => one === said.purpose) ?? null;
  if (said.purpose !== undefined && purpose === null)
    throw new Error(`--purpose: one of ${purposes.join(', ')}`);
  return {
    subject: reader.subject,
    organisation: organisation.id,
    communities: organisation.communities,
    memberState: organisation.memberState,
    roles: reader.roles,
    sharingGroups: [],
    onwardShares: [],
    grants: [],
    agreements: [],
    client: reader.client === 'machine' ? 'machine' : 'person',
    purpose,
    picture: typeof said.picture === 'string' ? said.picture : 'exercise:trial-2026',
    onScreen: said.strong === true && reader.client === 'interactive',
  };
}

async function run(home: string, community: string, uri: string, args: readonly string[]): Promise<number> {
  const file = join(import.meta.dirname, '..', '..', 'subgraphs', community, 'operate.ts');
  const env = { ...process.env, ...(await policyEnv(home)), JCU_STORE_URI: uri };
  const child = spawn(process.execPath, ['--no-warnings', file, ...args], { env, stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
