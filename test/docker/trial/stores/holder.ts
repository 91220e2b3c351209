import { startStores } from '../../../../docker/trial/stores/stores.ts';

// A trial of its own process, for a test to kill.
await startStores({ home: process.argv[2] ?? '' });
process.send?.('started');
