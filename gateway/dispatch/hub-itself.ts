import { nobody, type Reader } from '../../schema/protocol/reader.ts';

/** The hub itself: it has no access to any record. */
export const hub: Reader = { ...nobody, client: 'machine', picture: 'none' };
