import type { HubErrorCode } from '../../schema/errors.ts';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import type { RequestContext } from '../request/context.ts';
import { AnswerSizes } from './answer-size.ts';
import { DisclosureRoom } from './disclosure-room.ts';

/** A field in the reader's operation: response keys from the root. `@` stands for the items of a list. */
export type Place = readonly string[];

/** The reports of the subgraphs while one plan runs. Each execution has its own value. */
export type Collected = {
  /** The records that the subgraphs disclosed. */
  readonly disclosed: RecordedDisclosure[];
  /** The names of the subgraphs that failed: no valid response in time. */
  readonly failedSubgraphs: Set<string>;
  /** The names of the subgraphs whose answers are for this reader only: they did not allow to share them. */
  readonly unshared: Set<string>;
  /** Error codes that subgraphs returned and that the reader gets. */
  readonly errorCodes: Set<HubErrorCode>;
  /** The size of the answers so far. */
  readonly sizes: AnswerSizes;
  /** The room for disclosures in the audit entry. */
  readonly room: DisclosureRoom;
  /** Where the response is null, for each error code and each failed subgraph. */
  readonly places: Map<string, readonly Place[]>;
};

/** The context that the planner's executor hands to each data source: the request, and where to collect. */
export type Execution = { readonly request: RequestContext; readonly collected: Collected };

/** Returns an empty `Collected` for one execution. */
export function createCollected(): Collected {
  const sizes = new AnswerSizes();
  const room = new DisclosureRoom();
  const places = new Map<string, readonly Place[]>();
  const [failedSubgraphs, unshared] = [new Set<string>(), new Set<string>()];
  return { disclosed: [], failedSubgraphs, unshared, errorCodes: new Set(), sizes, room, places };
}

/** Joins the reports of two phases of one execution, for an answer that has both. */
export function joinCollected(one: Collected, other: Collected): Collected {
  const causes = new Set([...one.places.keys(), ...other.places.keys()]);
  return {
    ...one,
    disclosed: [...one.disclosed, ...other.disclosed],
    failedSubgraphs: one.failedSubgraphs.union(other.failedSubgraphs),
    unshared: one.unshared.union(other.unshared),
    errorCodes: one.errorCodes.union(other.errorCodes),
    places: new Map(
      [...causes].map((cause) => [
        cause,
        [...(one.places.get(cause) ?? []), ...(other.places.get(cause) ?? [])],
      ]),
    ),
  };
}
