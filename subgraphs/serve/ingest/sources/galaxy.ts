import { z } from 'zod';
import { readHead } from './head.ts';
import type { Edition } from './source.ts';

const flag = z.union([z.boolean(), z.number(), z.string()]).nullish();

/** The members by which a cluster of a MISP galaxy says that it is no longer valid. */
export const withdrawnFlags = { revoked: flag, deleted: flag } as const;

/** Returns whether a cluster was revoked or deleted. */
export function isWithdrawn({ revoked, deleted }: Flags): boolean {
  return [revoked, deleted].some((one) => one === true || one === 1 || one === '1' || one === 'true');
}

type Flags = { readonly [name in keyof typeof withdrawnFlags]?: z.infer<typeof flag> };

/** Reads the version of a MISP galaxy: it is one list, with its UUID as id. */
export function editionOfGalaxy(outside: string): Edition | null {
  const { uuid, version } = readHead(outside);
  if (typeof uuid !== 'string' || !Number.isFinite(Number(version))) return null;
  return { document: uuid.toLowerCase().slice(0, 100), revision: [Number(version)] };
}
