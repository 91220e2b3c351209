import type { Community } from '../../../../schema/record/vocabulary.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { contractOf } from '../../../../subgraphs/serve/record/contract.ts';
import { takeContent } from '../../../../subgraphs/serve/record/take-content.ts';
import type { Draft } from './generated.ts';

/** Returns the content of a kind with an input in the contract, parsed as from a file in the hub's own JSON. */
export function contentOf(
  community: Community,
  kinds: readonly Kind[],
  type: string,
  given: Readonly<Record<string, unknown>>,
): Pick<Draft, 'content' | 'names'> {
  const kind = kinds.find((one) => one.type === type);
  if (kind === undefined) throw new Error(`${community} has no kind ${type}`);
  // A file has instants as text.
  const asText: unknown = JSON.parse(JSON.stringify(given));
  const made = takeContent(contractOf(community), kind, asText, { resolveActor: () => null });
  if (!('content' in made))
    throw new Error(`a generated ${type}: ${made[0]?.path.join('.')}: ${made[0]?.message}`);
  return made;
}
