import { type ExecutionResult, GraphQLError } from 'graphql';
import { type ErrorPath, maxPaths } from '../shape/error-paths.ts';
import { WrittenData } from '../shape/written-data.ts';
import type { ReplacedNodes } from './replace-nodes.ts';

type Data = Readonly<Record<string, unknown>>;

/** Returns a shaped answer as the client asked for it: data and paths of errors have `node` and `nodes` in place of the look-ups. */
export function restoreNodes(shaped: ExecutionResult, nodes: ReplacedNodes | null): ExecutionResult {
  if (nodes === null) return shaped;
  const { data = null, errors = [], ...others } = shaped;
  const restored = errors.map((error) => restorePaths(error, nodes));
  // The same id can be asked for 50 times: an error then names the first place.
  const isMany = restored.reduce((sum, { length }) => sum + length, 0) > maxPaths;
  const placed = isMany ? restored.map((all) => all.slice(0, 1)) : restored;
  return {
    data: restoreData(data instanceof WrittenData ? data.data : data, nodes),
    ...(errors.length > 0 && { errors: placed.flat() }),
    ...others,
  };
}

/** Returns the data of an answer as the client asked for it: with `node` and `nodes` in place of the look-ups. */
function restoreData(data: Data | null, nodes: ReplacedNodes): Data {
  const valueAt = (key: string | null) =>
    key === null || data === null || !Object.hasOwn(data, key)
      ? null
      : withoutKey(data[key], nodes.existsKey);
  return Object.fromEntries(
    nodes.order.flatMap((name): readonly (readonly [string, unknown])[] => {
      const keys = nodes.keysOf.get(name);
      if (keys === undefined) return data !== null && Object.hasOwn(data, name) ? [[name, data[name]]] : [];
      return [[name, typeof keys === 'string' || keys === null ? valueAt(keys) : keys.map(valueAt)]];
    }),
  );
}

/** Returns an error at each place of its look-up: an id that was given twice has two. */
function restorePaths(error: GraphQLError, nodes: ReplacedNodes): readonly GraphQLError[] {
  const { message, path, extensions } = error;
  if (path === undefined) return [error];
  return placesOf(path, nodes).map((place) => new GraphQLError(message, { path: place, extensions }));
}

function placesOf([first, ...rest]: ErrorPath, { keysOf }: ReplacedNodes): readonly ErrorPath[] {
  for (const [name, keys] of keysOf) {
    if (keys === null || typeof keys === 'string') continue;
    const places = [...keys.entries()].filter(([, key]) => key === first).map(([at]) => at);
    if (places.length > 0) return places.map((at) => [name, at, ...rest]);
  }
  return [first === undefined ? [] : [first, ...rest]];
}

function withoutKey(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}
