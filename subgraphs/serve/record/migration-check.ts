import type { Kind } from '../kind.ts';

/**
 * Throws, with every finding on a line, where a kind's migrations cannot be what they promise: a field that is added
 * twice or was there before, one whose name was retired, one of content that no document would have.
 */
export function checkMigrations({ type, content, filters, migrations = [] }: Kind): void {
  const faults: string[] = [];
  const retired = new Set<string>();
  const added = new Set<string>();
  const known = new Set<string>();
  for (const [at, { adds, retires = {} }] of migrations.entries()) {
    const step = `${type}, version ${at + 1} to ${at + 2}`;
    for (const [name, { from }] of Object.entries(adds)) {
      for (const field of from) {
        known.add(field);
        if (retired.has(field)) faults.push(`${step}: ${name} is made from ${field}, which was retired`);
      }
    }
    for (const name of Object.keys(adds)) {
      if (known.has(name)) faults.push(`${step}: ${name} was a field before`);
      known.add(name);
      added.add(name);
    }
    for (const name of Object.keys(retires)) {
      if (retired.has(name) || Object.hasOwn(adds, name))
        faults.push(`${step}: ${name} cannot be retired here`);
      retired.add(name);
      known.add(name);
    }
    for (const [name, { from }] of Object.entries(retires))
      for (const field of from)
        if (retired.has(field))
          faults.push(`${step}: ${name} is made again from ${field}, which was retired`);
  }
  for (const name of retired)
    if (Object.hasOwn(content, name)) faults.push(`${type}: content has ${name}, which was retired`);
  for (const name of added)
    if (!retired.has(name) && !Object.hasOwn(content, name))
      faults.push(`${type}: content has no ${name}, which a migration adds`);
  for (const [name, path] of Object.entries(filters))
    if (retired.has(/^content\.([^.]+)/.exec(path)?.[1] ?? ''))
      faults.push(`${type}: the filter ${name} compares what was retired`);
  if (faults.length > 0) throw new Error(`migrations that cannot be made:\n  ${faults.join('\n  ')}`);
}
