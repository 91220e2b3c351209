import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type RequestHandler } from 'express';
import { buildSchema, execute } from 'graphql';
import { pino } from 'pino';
import { createApollo } from '../../../gateway/http/apollo.ts';
import { compress } from '../../../gateway/http/compress.ts';
import { allowOrigins } from '../../../gateway/http/cors.ts';
import { readBody } from '../../../gateway/http/request-body.ts';
import { checkMethod, failSafely, notFound, setCommonHeaders } from '../../../gateway/http/responses.ts';
import { createValidate } from '../../../gateway/request/validate.ts';
import type { Planner } from '../../../gateway/plan/planner.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';

/** The page origin that the served hub allows. */
export const dashboard = 'https://dashboard.example';

const pass: RequestHandler = (_request, _response, next) => next();

/**
 * Serves the HTTP stage of the hub over a schema of one field. `identify` is in the place of the identity stage, `replace` in
 * that of persisted operations.
 */
export async function serve(identify: RequestHandler = pass, replace: RequestHandler = pass) {
  const log = pino({ level: 'silent' });
  const schema = buildSchema('type Query { text(length: Int = 1): String }');
  const rootValue = { text: ({ length }: { length: number }) => 'x'.repeat(length) };
  const check = createValidate(schema);
  const planner = { schema, supergraph: '' } as Planner;
  const apollo = createApollo(
    planner,
    async ({ document, queryHash, request }) => {
      const errors = check({ key: queryHash, document, operation: document }, schema);
      if (errors.length > 0) return { errors };
      const { variables, operationName } = request;
      return await execute({ schema, document, rootValue, variableValues: variables ?? {}, operationName });
    },
    [],
    log,
  );
  await apollo.start();
  const app = express().use(setCommonHeaders, compress());
  const graphql = expressMiddleware(apollo, { context: () => Promise.resolve({} as RequestContext) });
  app.use('/graphql', ...allowOrigins([dashboard]), checkMethod, identify, readBody, replace, graphql);
  const server = createServer(app.use(notFound).use(failSafely(log)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await apollo.stop();
    },
  };
}
