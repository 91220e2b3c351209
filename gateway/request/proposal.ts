import type { GrantEntry } from '../registry/grants.ts';

/** A proposed release that an operation confirms or withdraws, with its grant as the registry enters it. */
export type Proposal = {
  readonly release: string;
  readonly grant: GrantEntry;
  /** `lapsed` if the operation confirms or withdraws a release whose time to confirm is over. */
  readonly act: 'confirm' | 'withdraw' | 'lapsed';
};
