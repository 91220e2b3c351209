#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { compiledFolder } from '../trial/compile-cache.ts';

// Before anything else is loaded; where the folder cannot be written to, the start is slower and all else the same.
enableCompileCache(compiledFolder);
process.env['NODE_COMPILE_CACHE'] ??= compiledFolder;
await import('./program.ts');
