import { join } from 'node:path';

/**
 * Where Node keeps what it compiled of the project, which is half of the time that a process takes to start. It is the
 * project's own folder: in the system's temporary one, others of the machine could lay code for us to run.
 */
export const compiledFolder = join(import.meta.dirname, '..', '..', '.cache', 'compiled');
