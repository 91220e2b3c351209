import { organisationIn } from '../../../schema/record/shared-types.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { Keyed } from '../changes/change-steps.ts';
import type { ReadingInput } from '../changes/reading.ts';
import { Refused } from '../changes/refused.ts';
import type { Content } from '../record/content.ts';
import { maxThreads } from './progress-store.ts';

/** The time of a move that is entered later. */
export type Entered = { readonly happenedAt?: Date | null; readonly late?: Attempt['late'] };
/** The values of a move by name. */
export type Values = Readonly<Record<string, unknown>>;

/** The input of a creating move: content, addressees, readers, and the values of the move that content does not have. */
export type CreatingInput = Keyed &
  Entered &
  Values & {
    readonly content: Content;
    /** Given for a kind with threads. */
    readonly addressees?: readonly string[];
    readonly reading?: ReadingInput | null;
  };
/** The input of a move on a record or on one of its threads. */
export type MoveInput = Keyed & Entered & Values & { readonly id: string; readonly expectedVersion: number };

/** The confirmation or the dismissal of a proposed move. */
export type ProposalInput = MoveInput & { readonly proposal: string };

/** Members of an input that are not values of the move. */
const members = new Set([
  'key',
  'id',
  'expectedVersion',
  'content',
  'addressees',
  'reading',
  'happenedAt',
  'late',
]);

/** Returns the registry ids of the addressees, each once. Throws Refused for none, too many, or the asker itself. */
export function addresseesOf(given: readonly string[], own: string): readonly string[] {
  const ids = [...new Set(given.map(organisationIn))];
  if (ids.length === 0 || ids.length > maxThreads)
    throw invalid(`expected 1 to ${maxThreads} addressees, got ${ids.length}`);
  if (ids.includes(own)) throw invalid('expected other organisations: yours asks');
  return ids.map((id) => {
    if (id === null) throw invalid('expected registry ids, such as cert-eu');
    return id;
  });
}

function invalid(message: string): Refused {
  return new Refused('INVALID', ['addressees'], message);
}

/** Returns the values of a move: the members of its input without those that every move has. */
export function valuesIn(input: Values): Values {
  return Object.fromEntries(
    Object.entries(input).filter(([name, value]) => !members.has(name) && value !== null),
  );
}

/** Returns the fields of content that a creating move states, as values of the move. */
export function fieldsNamed({ moves }: Workflow, move: string, content: Content): Values {
  const named = Object.keys(moves[move]?.input ?? {}).filter(
    (name) => content[name] !== undefined && content[name] !== null,
  );
  return Object.fromEntries(named.map((name) => [name, content[name]]));
}
