import { communities } from '../../schema/record/vocabulary.ts';
import { operateCommunity } from './operate.ts';

/**
 * Migrates the documents of one community, or of all communities of the trial one after the other. Each runs in a separate
 * process with that community's credentials. Returns the worst exit code: 1 failed or refused, 2 some records could not be
 * migrated, 0 otherwise.
 */
export async function migrateCommunities(
  home: string,
  name: string | undefined,
  { preview = false, contract = false }: { readonly preview?: boolean; readonly contract?: boolean },
): Promise<number> {
  if (name === undefined && process.env['JCU_STORE_URI'] !== undefined)
    throw new Error(
      `JCU_STORE_URI is one community's store: expected its name (${communities.join(', ')}), got none`,
    );
  const flags = [...(preview ? ['--preview'] : []), ...(contract ? ['--contract'] : [])];
  const codes: number[] = [];
  for (const community of name === undefined ? communities : [name])
    codes.push(await operateCommunity(home, community, ['migrate', ...flags]));
  return codes.find((code) => code === 1) ?? Math.max(...codes);
}
