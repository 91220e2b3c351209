import type { GrantEntry } from '../registry/grants.ts';

/** A proposed release that an operation confirms or withdraws, with its grant as the registry enters it. */
export type Proposal = {
  readonly release: string;
  readonly grant: GrantEntry;
  /** `lapsed`: the operation names a release that nobody confirmed in time. */
  readonly act: 'confirm' | 'withdraw' | 'lapsed';
};
