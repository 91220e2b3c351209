import { runOperate } from '../serve/operate/run.ts';
import { community } from './community.ts';

await runOperate(community);
