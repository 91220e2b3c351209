import { actorKey } from '../../../../schema/record/keys.ts';
import type { Defaults, Mapped, Source } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { RejectError } from '../../../../subgraphs/serve/record/reject.ts';

type Options = {
  readonly defaults?: Partial<Defaults>;
  readonly resolveActor?: (name: string) => string | null;
};

/** The objects of a bundle as a source maps them after its first pass, each with its records or why it is refused. */
export function mapBundle<Raw>(
  source: Source<Raw>,
  objects: readonly unknown[],
  { defaults, resolveActor = (name) => actorKey({ name }) }: Options = {},
): readonly (readonly Mapped[] | RejectError)[] {
  const receivedAt = new Date('2026-11-01T00:00:00Z');
  const context = { defaults: { ...source.defaults, ...defaults }, receivedAt, resolveActor };
  const collection = source.collect?.();
  if (collection === undefined) throw new Error('this source has no first pass');
  const shaped = objects.map((object) => source.shape.parse(object));
  for (const object of shaped) collection.take(object, context);
  return shaped.map((object) => {
    try {
      return collection.map(object, context);
    } catch (error) {
      if (error instanceof RejectError) return error;
      throw error;
    }
  });
}

/** The records alone; throws the first refusal. */
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
