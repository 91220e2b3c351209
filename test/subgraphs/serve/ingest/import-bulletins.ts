import { runImport } from '../../../../subgraphs/serve/ingest/run.ts';
import { policy } from '../../../helpers/policy.ts';
import { bulletins, community } from './bulletins.ts';

await runImport(community, [bulletins], policy);
