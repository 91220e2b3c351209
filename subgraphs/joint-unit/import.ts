import { runImport } from '../serve/ingest/run.ts';
import { community } from './community.ts';
import { sources } from './sources.ts';

await runImport(community, sources);
