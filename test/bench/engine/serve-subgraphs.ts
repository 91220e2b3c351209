import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { execute, type GraphQLSchema, parse } from 'graphql';
import { everywhere } from './everywhere.ts';
import { shop } from './shop.ts';
import { schemaOf, supergraphOf } from './subgraph-schemas.ts';

/*
 * Serves the subgraphs of the bench, each on its own port, in one process:
 *   node test/bench/engine/serve-subgraphs.ts shop|everywhere SUPERGRAPH_FILE
 * It must not be the bottleneck. It therefore speaks the least of HTTP/1.1 that the gateways need, and keeps the bytes
 * of each response by the bytes of the request's body: a gateway sends the same bodies for the same operation.
 */

const [, , which = 'shop', file = ''] = process.argv;
const subgraphs = which === 'everywhere' ? everywhere : shop;

const urls = await Promise.all(subgraphs.map(async (subgraph) => await listen(schemaOf(subgraph))));
writeFileSync(file, supergraphOf(subgraphs, urls));
process.stdout.write(`subgraphs listen on ${urls[0]}\n`);

async function listen(schema: GraphQLSchema): Promise<string> {
  const responses = new Map<string, Buffer>();
  const server = createServer((socket) => answer(socket, schema, responses));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Answers the requests of a connection, one after the other: no gateway here sends the next before the answer. */
function answer(socket: Socket, schema: GraphQLSchema, responses: Map<string, Buffer>): void {
  let pending = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pending = pending === '' ? chunk.toString('latin1') : pending + chunk.toString('latin1');
    const end = pending.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = Number(/content-length: *(\d+)/i.exec(pending.slice(0, end))?.[1]);
    if (Number.isNaN(length)) throw new Error('expected a request with content-length');
    if (pending.length < end + 4 + length) return;
    const body = pending.slice(end + 4, end + 4 + length);
    pending = '';
    const known = responses.get(body);
    if (known === undefined)
      void respond(schema, body).then((response) => {
        responses.set(body, response);
        socket.write(response);
      });
    else socket.write(known);
  });
}

async function respond(schema: GraphQLSchema, body: string): Promise<Buffer> {
  const { query, variables } = JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as {
    readonly query: string;
    readonly variables?: Readonly<Record<string, unknown>>;
  };
  const result = await execute({ schema, document: parse(query), variableValues: variables ?? null });
  const bytes = Buffer.from(JSON.stringify(result));
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
