import { runImport } from '../../../../subgraphs/serve/ingest/run.ts';
import { bulletins, community } from './bulletins.ts';

await runImport(community, [bulletins]);
