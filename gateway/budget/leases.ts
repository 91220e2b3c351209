import { HubError } from '../../schema/errors.ts';
import { Account, type Spent } from './account.ts';
import type { Bucket, BucketStore } from './bucket.ts';

/** Spends from buckets that several hubs share, mostly without asking the store. */
export type Leases = {
  /** Spends all the points or none. Throws BUDGET_UNAVAILABLE if the store does not answer. */
  spend(bucket: Bucket, points: number): Promise<Spent>;
  /** Puts back points that were just spent in vain. If the lease is over, they are lost. */
  putBack(bucket: Bucket, points: number): void;
  /** Gives all remaining points back to the store. */
  close(): Promise<void>;
};

const sweepMs = 500;

/** The maximum number of budgets in use: readers and organisations of the last 1.5 s. Each takes about 1 KB. */
const maxAccounts = 20_000;

/** The maximum time to wait for the store, in milliseconds. */
const standardDeadlineMs = 1500;

/** Opens a hub's leases. */
export function openLeases(store: BucketStore, deadlineMs = standardDeadlineMs): Leases {
  const accounts = new Map<string, Account>();
  const settle = async (isOver: (account: Account) => boolean) => {
    const over = [...accounts].filter(([, account]) => isOver(account));
    for (const [id] of over) accounts.delete(id);
    await Promise.all(over.map(async ([, account]) => await account.settle()));
  };
  const sweeping = setInterval(() => void settle((account) => account.isIdle()), sweepMs).unref();
  return {
    spend: async (bucket, points) => {
      const account = accounts.get(bucket.id) ?? new Account(store, deadlineMs);
      if (accounts.size >= maxAccounts && !accounts.has(bucket.id))
        throw new HubError('BUDGET_UNAVAILABLE', `expected at most ${maxAccounts} budgets in use, got more`);
      accounts.set(bucket.id, account);
      return await account.spend(bucket, points);
    },
    putBack: (bucket, points) => accounts.get(bucket.id)?.putBack(points),
    close: async () => {
      clearInterval(sweeping);
      await settle(() => true);
    },
  };
}
