import { actorKey } from '../../../../schema/record/keys.ts';
import type { Defaults, Mapped, Source } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { RejectError } from '../../../../subgraphs/serve/record/reject.ts';
import { refuseContentFaults } from '../../../helpers/content-faults.ts';

type Options = {
  readonly defaults?: Partial<Defaults>;
  readonly resolveActor?: (name: string) => string | null;
};

/**
 * Maps the objects of a bundle after a first pass. Returns the records of each object, or the error that rejects it. Throws
 * if the content of a record is not what the graph declares.
 */
export function mapBundle<Raw>(
  source: Source<Raw>,
  objects: readonly unknown[],
  { defaults, resolveActor = (name) => actorKey({ name }) }: Options = {},
): readonly (readonly Mapped[] | RejectError)[] {
  const receivedAt = new Date('2026-11-01T00:00:00Z');
  const context = { defaults: { ...source.defaults, ...defaults }, receivedAt, resolveActor };
  const collection = source.collect?.();
  if (collection === undefined) throw new Error('expected a source with a first pass');
  const shaped = objects.map((object) => source.shape.parse(object));
  for (const object of shaped) collection.take(object, context);
  return shaped.map((object) => {
    try {
      const mapped = collection.map(object, context);
      refuseContentFaults(source, mapped);
      return mapped;
    } catch (error) {
      if (error instanceof RejectError) return error;
      throw error;
    }
  });
}

/** Maps the objects of a bundle to records. Throws the first rejection. */
export function recordsOf<Raw>(
  source: Source<Raw>,
  objects: readonly unknown[],
  options: Options = {},
): readonly Mapped[] {
  return mapBundle(source, objects, options).flatMap((one) => {
    if (one instanceof RejectError) throw one;
    return one;
  });
}
