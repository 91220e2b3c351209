import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Removes all dependencies except the named packages from package.json, so that `npm prune` removes them from an image.
 * Throws if a named package is not a dependency.
 *
 * @example node keep.ts mongodb zod
 */
function keep(names: readonly string[]): void {
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  const missing = names.filter((name) => !Object.hasOwn(own.dependencies, name));
  if (missing.length > 0) throw new Error(`expected dependencies of package.json, got ${missing.join(', ')}`);
  const kept = Object.fromEntries(names.map((name) => [name, own.dependencies[name]]));
  writeFileSync('package.json', JSON.stringify({ ...own, dependencies: kept }));
}

keep(process.argv.slice(2));
