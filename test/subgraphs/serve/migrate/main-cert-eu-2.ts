import { runSubgraph } from '../../../../subgraphs/serve/main.ts';
import { second } from './cert-eu-2.ts';

await runSubgraph(second);
