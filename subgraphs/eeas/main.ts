import { runSubgraph } from '../serve/main.ts';
import { community } from './community.ts';

await runSubgraph(community);
