import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Leaves only the named packages among the dependencies in package.json, so that `npm prune` takes the others out of an
 * image: `node keep.ts NAME...`. Throws where one is named that is not among them.
 */
function keep(names: readonly string[]): void {
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  const missing = names.filter((name) => !Object.hasOwn(own.dependencies, name));
  if (missing.length > 0) throw new Error(`no dependency is called ${missing.join(', ')}`);
  const kept = Object.fromEntries(names.map((name) => [name, own.dependencies[name]]));
  writeFileSync('package.json', JSON.stringify({ ...own, dependencies: kept }));
}

keep(process.argv.slice(2));
