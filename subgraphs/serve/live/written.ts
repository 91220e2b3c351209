import type { Envelope } from '../../../schema/record/envelope.ts';

/** A written record, without its content: the facts that decide which subscribers get an event. */
export type Written = {
  readonly kind: string;
  readonly id: string;
  readonly isNew: boolean;
  readonly envelope: Envelope;
  /** Absent if the program that wrote it did not store the keys. */
  readonly admittedBefore?: readonly string[];
  /** Present if a notice about the record was written, not the record. */
  readonly notice?: WrittenNotice;
};

/** A notice that was written: its type and id in the graph, and the organisation that it is for. */
export type WrittenNotice = { readonly type: string; readonly key: string; readonly party: string };
