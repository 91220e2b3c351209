import { composeServices } from '@apollo/composition';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';

/** A subgraph of a test: its types, without the link to the specification, and the function that answers its requests. */
export type ServedPart = {
  readonly typeDefs: string;
  readonly answer: RequestListener;
  /** The URL that the supergraph states, if it is not the right one. */
  readonly stated?: string;
};

/** The subgraphs of a test on loopback, and the file of their supergraph. */
export type ServedGraph = AsyncDisposable & {
  readonly folder: string;
  readonly file: string;
  readonly urls: Readonly<Record<string, string>>;
};

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';

/** Serves subgraphs on loopback, and writes their supergraph to a file. */
export async function serveGraph(parts: Readonly<Record<string, ServedPart>>): Promise<ServedGraph> {
  const folder = mkdtempSync(join(tmpdir(), 'jcu-open-'));
  const file = join(folder, 'supergraph.graphql');
  const servers: Server[] = [];
  const urls: Record<string, string> = {};
  for (const [name, { answer }] of Object.entries(parts)) {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  const services = Object.entries(parts).map(([name, { typeDefs, stated }]) => ({
    name,
    url: stated ?? urls[name] ?? '',
    typeDefs: parse(`${link} ${typeDefs}`),
  }));
  writeFileSync(file, composeServices(services).supergraphSdl ?? '');
  return {
    folder,
    file,
    urls,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
