import type { ClientSession } from 'mongodb';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import { movesIn, type StoredMove } from '../workflow/progress-store.ts';
import { Refused } from './refused.ts';

/** An act on a record that belongs to no workflow of its kind, such as an onward share or a release. */
type Act = Pick<StoredMove, 'record' | 'workflow' | 'move' | 'from' | 'to' | 'input' | 'key'>;

/** The most characters of a text that explains an act. */
const maxText = 2000;

/** Stores an act with the moves of workflows: person, values and time. */
export async function keepAct(
  store: CommunityStore,
  act: Act,
  { now, reader: { organisation, subject } }: ReaderAccess,
  session: ClientSession,
): Promise<void> {
  const made = {
    organisation: null,
    stage: 'made',
    by: { organisation, subject },
    happenedAt: now,
    recordedAt: now,
    late: null,
    isHidden: false,
  } as const;
  await movesIn(store).insertOne({ ...act, ...made }, { session });
}

/** Returns a text of an input without the space around it. Throws Refused if it is empty or too long. */
export function textIn<Name extends string>(input: Readonly<Record<Name, string>>, name: Name): string {
  const text = input[name].trim();
  if (text !== '' && text.length <= maxText) return text;
  throw new Refused('INVALID', [name], `expected 1 to ${maxText} characters, got ${text.length}`);
}
