import { Worker } from 'node:worker_threads';
import { buildSchema, type GraphQLSchema } from 'graphql';

/** A supergraph that Apollo's gateway found valid. */
export type CheckedSupergraph = {
  readonly api: GraphQLSchema;
  readonly subgraphs: ReadonlyMap<string, string | undefined>;
};

/** The message of the thread. */
export type Checked = {
  readonly api: string;
  readonly subgraphs: readonly (readonly [string, string | undefined])[];
};

/**
 * Validates a supergraph in another thread, since it takes more than a second: requests in progress would miss their
 * deadlines meanwhile. Rejects if the supergraph is invalid.
 */
export async function checkInThread(supergraph: string): Promise<CheckedSupergraph> {
  const file = new URL('./check-supergraph.ts', import.meta.url);
  const worker = new Worker(file, { workerData: supergraph, execArgv: ['--no-warnings'] });
  try {
    const { api, subgraphs } = await new Promise<Checked>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the check of the supergraph ended without a result')));
    });
    return {
      api: buildSchema(api, { assumeValid: true, assumeValidSDL: true }),
      subgraphs: new Map(subgraphs),
    };
  } finally {
    await worker.terminate();
  }
}
