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
 * Runs a community's operator command in a separate process that gets only that community's credentials, and returns its
 * exit code. `view --as READER` uses one of the trial's readers; in a deployment the operator writes a reader file.
 */
export async function operateCommunity(home: string, name: string, args: readonly string[]): Promise<number> {
  const community = communities.find((one) => one === name);
  if (community === undefined)
    throw new Error(`expected a community (${communities.join(', ')}), got ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'jcu-operate-'));
  try {
    const passed = args[0] === 'view' ? ['view', ...replaceByReaderFile(args.slice(1), folder)] : args;
    return await withUri(home, community, async (uri) => await run(home, community, uri, passed));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replaces `--as`, `--purpose`, `--picture` and `--strong` by `--reader FILE`; keeps all other arguments. */
function replaceByReaderFile(args: readonly string[], folder: string): readonly string[] {
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

/** Returns one of the trial's readers as the hub sees it, with its organisation and roles only. */
export function toReader(
  as: string,
  stated: { readonly purpose?: unknown; readonly picture?: unknown; readonly strong?: unknown },
): Reader {
  const reader = findReader(as);
  const organisation = organisations.find(({ id }) => id === reader?.organisation);
  if (reader === undefined || organisation === undefined)
    throw new Error(`--as: no reader of the trial is called ${as}; \`hub token --help\` lists them`);
  const purpose = purposes.find((one) => one === stated.purpose) ?? null;
  if (stated.purpose !== undefined && purpose === null)
    throw new Error(
      `--purpose: expected one of ${purposes.join(', ')}, got ${JSON.stringify(stated.purpose)}`,
    );
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
    offices: [],
    client: reader.client === 'machine' ? 'machine' : 'person',
    purpose,
    picture: typeof stated.picture === 'string' ? stated.picture : 'exercise:trial-2026',
    onScreen: stated.strong === true && reader.client === 'interactive',
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
