import type { Collection } from 'mongodb';
import type { KeptBundle, PolicyArchive } from './in-force.ts';

const duplicateKey = 11_000;
const answerMs = 1500;

/**
 * Remembers policies in a collection of a store: each version once and for good, so that an old one is told after a
 * restart, and an auditor can take a decision of the past again under the policy of its time. `within` bounds how long
 * the store may take.
 */
export function rememberPolicies(
  policies: () => Collection<KeptBundle>,
  within: <Value>(ms: number, work: Promise<Value>) => Promise<Value>,
): PolicyArchive {
  return {
    newest: async () =>
      await within(
        answerMs,
        policies().findOne(
          {},
          { sort: { _id: -1 }, projection: { digest: 1, acceptedAt: 1 }, readConcern: 'majority' },
        ),
      ),
    find: async (version) => {
      const found = await within(answerMs, policies().findOne({ _id: version }, { readConcern: 'majority' }));
      if (found === null) throw new Error(`version ${version} of the policy is not kept here`);
      return found;
    },
    before: async (version) => {
      const earlier = { _id: { $lt: version } };
      const newestFirst = { sort: { _id: -1 }, projection: { _id: 1 }, readConcern: 'majority' } as const;
      return (await within(answerMs, policies().findOne(earlier, newestFirst)))?._id ?? null;
    },
    keep: async (bundle) => {
      try {
        const durable = { writeConcern: { w: 'majority', j: true } } as const;
        await within(answerMs, policies().insertOne(bundle, durable));
      } catch (error) {
        if ((error as { code?: unknown }).code !== duplicateKey) throw error;
      }
    },
  };
}
