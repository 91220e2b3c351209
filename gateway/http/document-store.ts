import type { DocumentNode } from 'graphql';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';

/** The maximum number of tokens in a document: 2000 selections with their arguments take less. */
export const maxTokens = 20_000;

/** The memory of a parsed document, in multiples of its text. */
const timesText = 80;

/** Returns the memory of a parsed document, estimated from the length of its text. */
export function documentMemory(length: number): number {
  return timesText * length;
}

/** Creates Apollo Server's cache of parsed documents: 32 MB, those that were used last. */
export function createDocumentStore() {
  const documents = new ByteCache<DocumentNode>(32_000_000, 'documents');
  return {
    get: async (key: string) => await Promise.resolve(documents.get(key)),
    set: async (key: string, document: DocumentNode) => {
      documents.set(key, document, documentMemory(document.loc?.source.body.length ?? 0));
      await Promise.resolve();
    },
    delete: async (key: string) => await Promise.resolve(documents.delete(key)),
  };
}
