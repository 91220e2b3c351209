import type { Community } from '../../../../schema/record/vocabulary.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { contractOf } from '../../../../subgraphs/serve/record/contract.ts';
import { takeContent } from '../../../../subgraphs/serve/record/take-content.ts';
import type { Said } from './said.ts';

/** Content of a kind that the contract says by an input, taken in as a file in the hub's own JSON is. */
export function taken(
  community: Community,
  kinds: readonly Kind[],
  type: string,
  given: Readonly<Record<string, unknown>>,
): Pick<Said, 'content' | 'names'> {
  const kind = kinds.find((one) => one.type === type);
  if (kind === undefined) throw new Error(`${community} has no kind ${type}`);
  // As a file brings it: an instant is text there.
  const asText: unknown = JSON.parse(JSON.stringify(given));
  const made = takeContent(contractOf(community), kind, asText, { resolveActor: () => null });
  if (!('content' in made))
    throw new Error(`a generated ${type}: ${made[0]?.path.join('.')}: ${made[0]?.message}`);
  return made;
}
