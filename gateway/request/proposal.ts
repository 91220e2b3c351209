/** A proposed release that an operation confirms or withdraws, with its grant in the registry. */
export type Proposal = {
  readonly release: string;
  readonly grant: string;
  readonly act: 'confirm' | 'withdraw';
};
