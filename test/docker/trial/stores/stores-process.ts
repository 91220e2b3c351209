import { startStores } from '../../../../docker/trial/stores/stores.ts';

// Runs stores in a separate process, which a test kills.
await startStores({ home: process.argv[2] ?? '' });
process.send?.('started');
