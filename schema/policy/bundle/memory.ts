import type { Collection } from 'mongodb';
import { isDuplicateKey } from '../../runtime/duplicate-key.ts';
import type { KeptBundle, PolicyArchive } from './in-force.ts';

const answerMs = 1500;

/**
 * Stores each accepted version of the policy permanently in a collection. An older version is therefore recognised after
 * a restart, and an auditor can explain a past decision with the policy of its time.
 *
 * @param within rejects if the store does not answer in time
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
      if (found === null) throw new Error(`version ${version} of the policy was never accepted here`);
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
        if (!isDuplicateKey(error)) throw error;
      }
    },
  };
}
