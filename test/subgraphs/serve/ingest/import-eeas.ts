import { community } from '../../../../subgraphs/eeas/community.ts';
import { sources } from '../../../../subgraphs/eeas/sources.ts';
import { runImport } from '../../../../subgraphs/serve/ingest/run.ts';
import { policy } from '../../../helpers/policy.ts';

await runImport(community, sources, policy);
