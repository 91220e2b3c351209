import {
  type CoordinateExplanation,
  explainCoordinate,
} from '../../schema/policy/explain/explain-coordinate.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import type { AccessEntry } from '../audit/entry.ts';
import type { PersonalReader } from '../audit/personal.ts';
import type { LoggedAccess } from '../audit/log.ts';

/** What was refused in one request, and what would have had to be true. */
export type ExplainedDecision = LoggedAccess & {
  readonly refused: readonly {
    readonly coordinate: string;
    readonly ways: CoordinateExplanation['ways'] | null;
  }[];
  /** The classes that the reader was of; null where they could not be worked out. */
  readonly classes: readonly string[] | null;
  /** Why something is not explained; null where all is. */
  readonly note: string | null;
};

/** Each takes about a millisecond of the thread that answers everybody, and an operation can be refused a thousand. */
const maxExplained = 50;

/**
 * Works a decision out again, from the log's entry and the policy of the version that decided. It says so where the
 * personal part was erased, where that version is not here, and where it comes to another end than the hub did.
 */
export function explainDecision(access: LoggedAccess, policy: Policy | null): ExplainedDecision {
  const { entry, reader } = access;
  const unexplained = (note: string) => ({ ...access, refused: bareOf(entry.refused), classes: null, note });
  if (policy === null || policy.version !== entry.policy)
    return unexplained(`version ${entry.policy} of the policy was never in force here, or cannot be read`);
  if (reader === null)
    return unexplained('the personal part of the entry was erased, or is not the one committed to');
  const person = toReader(entry, reader, 'person');
  const machine = toReader(entry, reader, 'machine');
  const explained = entry.refused.slice(0, maxExplained).map((coordinate) => {
    // The log does not hold whether a person or a machine asked: the answer is the one that was refused.
    const asPerson = explainCoordinate(policy, person, coordinate);
    const { allowed, ways } = asPerson.allowed ? explainCoordinate(policy, machine, coordinate) : asPerson;
    return { coordinate, ways: allowed ? null : ways };
  });
  const parting = explained.filter(({ ways }) => ways === null);
  return {
    ...access,
    refused: [...explained, ...bareOf(entry.refused.slice(maxExplained))],
    classes: policy.classesOf(person),
    note: noteOf(entry, parting.length),
  };
}

function bareOf(refused: readonly string[]) {
  return refused.map((coordinate) => ({ coordinate, ways: null }));
}

function toReader(entry: AccessEntry, personal: PersonalReader, client: Reader['client']): Reader {
  const { purpose, picture } = entry;
  const { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen } = personal;
  const known = { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen };
  // A kind of reader is decided without any record, so what it holds of records makes no difference.
  const held = { grants: [], agreements: [] };
  return { ...known, ...held, organisation: entry.reader.organisation, client, purpose, picture };
}

function noteOf({ refused }: AccessEntry, parting: number): string | null {
  if (refused.length === 0)
    return 'nothing was refused; what is not there for a reader is as absent, and leaves no trace';
  if (parting === 0)
    return refused.length > maxExplained ? `the first ${maxExplained} refusals are explained` : null;
  return `${parting} of the refusals are none by these rules and attributes: policy or log are not what they were`;
}
