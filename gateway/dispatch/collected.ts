import type { HubErrorCode } from '../../schema/errors.ts';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import type { RequestContext } from '../request/context.ts';
import { AnswerSizes } from './answer-size.ts';
import { DisclosureRoom } from './disclosure-room.ts';

/** The reports of the subgraphs while one plan runs. Each execution has its own value. */
export type Collected = {
  /** The records that the subgraphs disclosed. */
  readonly disclosed: RecordedDisclosure[];
  /** The names of the subgraphs that failed: no valid response in time. */
  readonly failedSubgraphs: Set<string>;
  /** Error codes that subgraphs returned and that the reader gets. */
  readonly errorCodes: Set<HubErrorCode>;
  /** The size of the answers so far. */
  readonly sizes: AnswerSizes;
  /** The room for disclosures in the audit entry. */
  readonly room: DisclosureRoom;
};

/** The context that the planner's executor hands to each data source: the request, and where to collect. */
export type Execution = { readonly request: RequestContext; readonly collected: Collected };

/** Returns an empty `Collected` for one execution. */
export function createCollected(): Collected {
  const sizes = new AnswerSizes();
  const room = new DisclosureRoom();
  return { disclosed: [], failedSubgraphs: new Set(), errorCodes: new Set(), sizes, room };
}
