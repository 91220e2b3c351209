import { enableCompileCache } from 'node:module';
import { compiledFolder } from '../trial/compile-cache.ts';

// Before any other import. If the folder is not writable, the start is slower; nothing else changes.
enableCompileCache(compiledFolder);
process.env['NODE_COMPILE_CACHE'] ??= compiledFolder;
const [{ createProgram }, { endOnClosedPipe }] = await Promise.all([
  import('./program.ts'),
  import('../../schema/runtime/closed-pipe.ts'),
]);
endOnClosedPipe();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.stderr.write(`hub: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
