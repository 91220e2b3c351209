import type { Kind } from '../kind.ts';

/**
 * Checks the migrations of a kind. Throws, with one line for each finding, for a field that is added twice or existed
 * before, a use of a retired field, and a difference between the migrations and `content` or `filters`.
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
      if (known.has(name)) faults.push(`${step}: ${name} existed before`);
      known.add(name);
      added.add(name);
    }
    for (const name of Object.keys(retires)) {
      if (retired.has(name) || Object.hasOwn(adds, name))
        faults.push(`${step}: ${name} cannot be retired: it was retired before or is added by the same step`);
      retired.add(name);
      known.add(name);
    }
    for (const [name, { from }] of Object.entries(retires))
      for (const field of from)
        if (retired.has(field)) faults.push(`${step}: ${name} is made from ${field}, which was retired`);
  }
  for (const name of retired)
    if (Object.hasOwn(content, name)) faults.push(`${type}: content has the retired field ${name}`);
  for (const name of added)
    if (!retired.has(name) && !Object.hasOwn(content, name))
      faults.push(`${type}: content lacks the field ${name} that a migration adds`);
  for (const [name, path] of Object.entries(filters))
    if (retired.has(/^content\.([^.]+)/.exec(path)?.[1] ?? ''))
      faults.push(`${type}: the filter ${name} compares a retired field`);
  if (faults.length > 0) throw new Error(`invalid migrations:\n  ${faults.join('\n  ')}`);
}
