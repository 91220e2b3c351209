import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { readNetworks } from '../../../../schema/workflow/network/load.ts';
import { enumValue } from '../../../../schema/workflow/graph/names.ts';
import type { ChangeParts } from '../../changes/change-steps.ts';
import { Refused } from '../../changes/refused.ts';
import { recordsOf } from '../../store/collections.ts';

/** Returns the refusal of a posture that its network does not have, or that corrects another entry than an own one. */
export async function checkPosture(
  parts: ChangeParts,
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

/** Returns whether an entry was recorded by the reader's organisation for this network, in the reader's picture. */
async function isOwn(
  { store, readerAccess, policy }: ChangeParts,
  id: string,
  network: string,
): Promise<boolean> {
  const { organisation, picture } = readerAccess.reader;
  const own = {
    _id: id,
    'envelope.originator': organisation,
    'envelope.exercise': picture === 'real' ? null : picture,
    'envelope.recordState': 'ACTIVE' as const,
    'content.network': enumValue(network),
  };
  const found = await recordsOf(store, 'Posture').findOne(own, { projection: { envelope: 1 } });
  return found !== null && policy.decideRow(found.envelope, 'Posture', readerAccess) !== null;
}
