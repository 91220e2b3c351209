import { runOperate } from '../../../../subgraphs/serve/operate/run.ts';
import { second } from './cert-eu-2.ts';

await runOperate(second);
