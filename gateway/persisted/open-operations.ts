import type { GraphQLSchema } from 'graphql';
import type { HubSettings } from '../settings.ts';
import type { AskedDocument, ChosenDocument } from './operations.ts';
import { chooseDocument } from './operations.ts';
import { noOperations, type WatchedOperations, watchOperations } from './watch-operations.ts';

/** Chooses the document of a request by the mode of the settings. Throws as `chooseDocument` does. */
export type Choose = (asked: AskedDocument) => ChosenDocument;

/** The operations that a hub serves. `choose` is null in mode `off`: no request names one. */
export type OpenOperations = WatchedOperations & { readonly choose: Choose | null };

/** Reads the operators' operations. A hub without them does not look for any. */
export async function openOperations(
  { operations: mode, operationsFolder: folder }: Pick<HubSettings, 'operations' | 'operationsFolder'>,
  schema: GraphQLSchema,
  log: Parameters<typeof watchOperations>[2],
): Promise<OpenOperations> {
  if (mode === 'off' || folder === null) return { ...noOperations, choose: null };
  const operations = await watchOperations(folder, schema, log);
  return { ...operations, choose: (asked) => chooseDocument(asked, mode, operations) };
}
