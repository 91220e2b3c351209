import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { RecordWrite } from '../store/write.ts';

/** The parts of a stored record that an import reads to decide what to write. */
export type Known = Pick<StoredRecord, '_id' | 'contentHash' | 'sortAt' | 'envelope' | 'policy'> & {
  readonly content?: Readonly<Record<string, unknown>> & { readonly case?: string | null };
};

/** A record to write, with the stored record that it replaces; null if it is new. */
export type Change = Omit<RecordWrite, 'before'> & { readonly before: Known | null };
