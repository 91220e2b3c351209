import { readOrThrow } from '../../schema/runtime/settings/settings.ts';
import { seedRegistry } from '../trial/registry.ts';
import { registrySettings } from './settings.ts';

try {
  await seedRegistry(readOrThrow(registrySettings, process.env).storeUri);
  process.stdout.write("the registry has the trial's fictional readers\n");
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
