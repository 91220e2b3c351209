import {
  type CoordinateExplanation,
  explainCoordinate,
} from '../../schema/policy/explain/explain-coordinate.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import type { AccessEntry } from '../audit/entry.ts';
import type { PersonalReader } from '../audit/personal.ts';
import type { LoggedAccess } from '../audit/log.ts';

/** The refusals of one request, with the conditions under which each would have been allowed. */
export type ExplainedDecision = LoggedAccess & {
  readonly refused: readonly {
    readonly coordinate: string;
    readonly ways: CoordinateExplanation['ways'] | null;
  }[];
  /** The reader's classes; null if they cannot be computed. */
  readonly classes: readonly string[] | null;
  /** Says why a refusal is not explained; null if all are explained. */
  readonly note: string | null;
};

/** Explaining one refusal takes about 1 ms on the main thread, and one operation can have a thousand. */
const maxExplained = 50;

/**
 * Recomputes a decision from the audit entry and the policy version that decided. The note says if the personal part
 * was erased, if the policy version is not available, or if the result differs from the hub's decision.
 */
export function explainDecision(access: LoggedAccess, policy: Policy | null): ExplainedDecision {
  const { entry, reader } = access;
  const unexplained = (note: string) => ({ ...access, refused: bareOf(entry.refused), classes: null, note });
  if (policy === null || policy.version !== entry.policy)
    return unexplained(`policy version ${entry.policy} was never in force here, or cannot be read`);
  if (reader === null)
    return unexplained('the personal part of the entry was erased, or does not match its commitment');
  const person = toReader(entry, reader, 'person');
  const machine = toReader(entry, reader, 'machine');
  const explained = entry.refused.slice(0, maxExplained).map((coordinate) => {
    // The log does not say whether a person or a machine asked: explain the one that is refused.
    const asPerson = explainCoordinate(policy, person, coordinate);
    const { allowed, ways } = asPerson.allowed ? explainCoordinate(policy, machine, coordinate) : asPerson;
    return { coordinate, ways: allowed ? null : ways };
  });
  const differing = explained.filter(({ ways }) => ways === null);
  return {
    ...access,
    refused: [...explained, ...bareOf(entry.refused.slice(maxExplained))],
    classes: policy.classesOf(person),
    note: noteOf(entry, differing.length),
  };
}

function bareOf(refused: readonly string[]) {
  return refused.map((coordinate) => ({ coordinate, ways: null }));
}

function toReader(entry: AccessEntry, personal: PersonalReader, client: Reader['client']): Reader {
  const { purpose, picture } = entry;
  const { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen } = personal;
  const known = { subject, communities, memberState, roles, sharingGroups, onwardShares, onScreen };
  // Refusals by kind do not depend on records, so grants, agreements and offices make no difference.
  const held = { grants: [], agreements: [], offices: [] };
  return { ...known, ...held, organisation: entry.reader.organisation, client, purpose, picture };
}

function noteOf({ refused }: AccessEntry, differing: number): string | null {
  if (refused.length === 0)
    return 'nothing was refused; records that the reader may not see are absent and not logged as refusals';
  if (differing === 0)
    return refused.length > maxExplained ? `only the first ${maxExplained} refusals are explained` : null;
  return `${differing} of the refusals do not follow from these rules and attributes: the policy or the log was changed`;
}
