import { readFileSync } from 'node:fs';

/*
 * The gateway that the hub is compared with: Apollo's, with its defaults, on Apollo's standalone server.
 *   node test/bench/engine/bare.ts SUPERGRAPH_FILE
 */

process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
const { ApolloGateway } = await import('@apollo/gateway');
const { ApolloServer } = await import('@apollo/server');
const { startStandaloneServer } = await import('@apollo/server/standalone');

const gateway = new ApolloGateway({ supergraphSdl: readFileSync(process.argv[2] ?? '', 'utf8') });
const server = new ApolloServer({ gateway, introspection: false });
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
process.stdout.write(`bare gateway listens on ${url}\n`);
