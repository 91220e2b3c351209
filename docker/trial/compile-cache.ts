import { join } from 'node:path';

/**
 * The folder of Node's compile cache, which halves the start time of a process. It is inside the project: in the system's
 * temporary folder, other users of the machine could plant code that we run.
 */
export const compiledFolder = join(import.meta.dirname, '..', '..', '.cache', 'compiled');
