import { parentPort, workerData } from 'node:worker_threads';
import { printSchema } from 'graphql';
import type { Checked } from './check-in-thread.ts';
import { loadApollo } from './load-apollo.ts';

/** The thread of `checkInThread`. */
const { api, subgraphs } = await loadApollo(String(workerData));
// This is no window: a message of a thread has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage({ api: printSchema(api), subgraphs: [...subgraphs] } satisfies Checked);
