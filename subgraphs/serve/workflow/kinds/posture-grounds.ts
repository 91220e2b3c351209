import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { readNetworks } from '../../../../schema/workflow/network/load.ts';
import { enumValue } from '../../../../schema/workflow/graph/names.ts';
import { namedRecord, type NamingParts } from '../../changes/find-record.ts';
import { Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';

/** Returns the refusal of a posture that its network does not have, or that corrects another entry than an own one. */
export async function checkPosture(
  parts: NamingParts,
  { input: { network, posture, supersedes } }: Pick<Attempt, 'input'>,
): Promise<Refused | null> {
  // A missing value, and a person who may not record for this network, are refused by the declaration.
  const list = Object.keys(readNetworks()[String(network)]?.postures ?? {});
  if (typeof posture === 'string' && list.length > 0 && !list.includes(posture))
    return new Refused(
      'INVALID',
      ['content', 'posture'],
      `expected a posture of ${String(network)}: ${list.join(', ')}`,
    );
  if (typeof supersedes !== 'string' || (await isOwn(parts, supersedes, String(network)))) return null;
  return notCorrectable();
}

/** Returns one error for every entry that an entry cannot correct, whether it exists or not. */
export function notCorrectable(): Refused {
  return new Refused(
    'INVALID',
    ['content', 'supersedes'],
    'expected an entry of the same network that your organisation recorded and that was not corrected',
  );
}

/**
 * Returns whether an entry was recorded by the reader's organisation for this network. One that the reader may not see looks
 * like one that does not exist.
 */
async function isOwn(parts: NamingParts, id: string, network: string): Promise<boolean> {
  const found = await namedRecord(parts, 'Posture', id, ['network']);
  if (found === null) return false;
  const { originator, recordState } = found.envelope;
  const isOfNetwork = (found.content as Content)['network'] === enumValue(network);
  const { organisation } = parts.readerAccess.reader;
  return originator === organisation && recordState === 'ACTIVE' && isOfNetwork;
}
