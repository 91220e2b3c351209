import { describe } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actorKey } from '../../schema/record/keys.ts';
import type { Mapped, Source } from '../../subgraphs/serve/ingest/sources/source.ts';
import { RejectError } from '../../subgraphs/serve/record/reject.ts';
import { refuseContentFaults } from './content-faults.ts';

const realData = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** Tests on the public records. They are skipped if `../shared/data` does not exist. */
export const describeReal = existsSync(realData) ? describe : describe.skip;

/** Returns the path of a file or folder of the public records. */
export function realPath(path: string): string {
  return join(realData, path);
}

/** Reads a JSON file of the public records. */
export function readReal(path: string): unknown {
  return JSON.parse(readFileSync(realPath(path), 'utf8')) as unknown;
}

/** Reads the first 64 KiB of a file, from which a source recognises its format. */
export function headOf(path: string): string {
  return readFileSync(realPath(path)).subarray(0, 65_536).toString('utf8');
}

/**
 * Maps records with a source and an empty alias table. Throws if the content of a record is not what the graph declares.
 */
export function mapAll<Raw>(source: Source<Raw>, records: readonly unknown[]): readonly Mapped[] {
  return mapWith(source, records, (name) => actorKey({ name }));
}

/** Maps records with a source and an alias table. */
export function mapWith<Raw>(
  source: Source<Raw>,
  records: readonly unknown[],
  resolveActor: (name: string) => string | null,
): readonly Mapped[] {
  const context = { defaults: source.defaults, receivedAt: new Date('2026-11-01T00:00:00Z'), resolveActor };
  const mapped = records.flatMap((record) => source.map(source.shape.parse(record), context));
  refuseContentFaults(source, mapped);
  return mapped;
}

/** Returns the reason and detail of a rejected record; null if the record is accepted. */
export function refusalOf<Raw>(source: Source<Raw>, record: unknown): readonly [string, string] | null {
  try {
    mapAll(source, [record]);
    return null;
  } catch (error) {
    if (error instanceof RejectError) return [error.reason, error.message];
    throw error;
  }
}
