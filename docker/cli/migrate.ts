import { communities } from '../../schema/record/vocabulary.ts';
import { operateCommunity } from './operate.ts';

/**
 * Migrates the documents of one community, or of all of the trial one after the other, each as a process of its own with
 * that community's credentials. Gives the worst exit code: 0 done, 1 failed or refused, 2 some records were left.
 */
export async function migrateCommunities(
  home: string,
  name: string | undefined,
  { preview = false, contract = false }: { readonly preview?: boolean; readonly contract?: boolean },
): Promise<number> {
  if (name === undefined && process.env['JCU_STORE_URI'] !== undefined)
    throw new Error(`JCU_STORE_URI is one community's store: say which (${communities.join(', ')})`);
  const flags = [...(preview ? ['--preview'] : []), ...(contract ? ['--contract'] : [])];
  const codes: number[] = [];
  for (const community of name === undefined ? communities : [name])
    codes.push(await operateCommunity(home, community, ['migrate', ...flags]));
  return codes.find((code) => code === 1) ?? Math.max(...codes);
}
