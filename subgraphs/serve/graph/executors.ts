import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import type { Request, RequestHandler } from 'express';
import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { errorTable, isHubErrorCode } from '../../../schema/errors.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityPart } from './community.ts';
import { hubErrorOf } from '../read/connection.ts';
import type { Context } from './context.ts';
import { toDisclosure } from '../read/row.ts';
import { buildCommunitySchema } from './schema.ts';

type Executor = { readonly handle: RequestHandler; stop(): Promise<void> };

/** What a request began under is kept until no request can be left that did. */
const longestRequestMs = 15_000;

/**
 * The community's guarded schema under one policy at a time. A new policy makes a new one; whatever has begun under
 * the old one ends under it.
 */
export class Executors {
  readonly #community: CommunityPart;
  readonly #contextOf: (request: Request) => Context;
  readonly #log: Logger;
  #current: { readonly policy: Policy; readonly executor: Promise<Executor> } | null = null;

  constructor(community: CommunityPart, contextOf: (request: Request) => Context, log: Logger) {
    this.#community = community;
    this.#contextOf = contextOf;
    this.#log = log;
  }

  /** What answers under a policy; made at its first request. */
  async under(policy: Policy): Promise<RequestHandler> {
    if (this.#current?.policy !== policy) {
      const { executor: old } = this.#current ?? {};
      this.#current = { policy, executor: this.#make(policy) };
      if (old !== undefined) setTimeout(() => void this.#end(old), longestRequestMs).unref();
    }
    return (await this.#current.executor).handle;
  }

  async stop(): Promise<void> {
    if (this.#current !== null) await this.#end(this.#current.executor);
  }

  async #end(executor: Promise<Executor>): Promise<void> {
    await executor
      .then(async (ended) => await ended.stop())
      .catch((error: unknown) => this.#log.error({ error }));
  }

  async #make(policy: Policy): Promise<Executor> {
    const apollo = new ApolloServer<Context>({
      schema: buildCommunitySchema(this.#community, policy),
      introspection: false,
      persistedQueries: false,
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      formatError: (formatted, error) => toConstant(formatted, error, this.#log),
      plugins: [ApolloServerPluginCacheControlDisabled(), tellDisclosed],
      logger: this.#log,
    });
    await apollo.start();
    const context = async ({ req }: { readonly req: Request }) => await Promise.resolve(this.#contextOf(req));
    return {
      handle: expressMiddleware(apollo, { context }),
      stop: async () => await apollo.stop(),
    };
  }
}

/** Tells the hub what was given, so that the trail has it before the answer leaves. */
const tellDisclosed: ApolloServerPlugin<Context> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ contextValue, response }) => {
        if (response.body.kind === 'single') {
          response.body.singleResult.extensions = {
            disclosed: contextValue.loaders.given().map(toDisclosure),
          };
        }
        return Promise.resolve();
      },
    }),
};

/** A code of the closed table, its constant message and the path; never what an exception said. */
function toConstant(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const said = hubErrorOf(error)?.code ?? formatted.extensions?.['code'];
  const code = isHubErrorCode(said) ? said : 'INTERNAL';
  if (code === 'INTERNAL') log.error({ error }, 'a request failed');
  return { message: errorTable[code].message, extensions: { code } };
}
