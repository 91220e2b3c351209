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
import { buildCommunitySchema } from './schema.ts';

type Executor = { readonly handle: RequestHandler; stop(): Promise<void> };

/** Longer than any request runs: an executor stops this long after its policy was replaced. */
const maxRequestMs = 15_000;

/**
 * Runs operations on the community's guarded schema. The schema is built for one policy; a new policy gets a new
 * executor. A request that began under the previous policy ends under it.
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

  /** The request handler for a policy. Built at the policy's first request. */
  async under(policy: Policy): Promise<RequestHandler> {
    if (this.#current?.policy !== policy) {
      const { executor: previous } = this.#current ?? {};
      this.#current = { policy, executor: this.#make(policy) };
      if (previous !== undefined) setTimeout(() => void this.#end(previous), maxRequestMs).unref();
    }
    return (await this.#current.executor).handle;
  }

  async stop(): Promise<void> {
    if (this.#current !== null) await this.#end(this.#current.executor);
  }

  async #end(executor: Promise<Executor>): Promise<void> {
    await executor
      .then(async (ended) => await ended.stop())
      .catch((error: unknown) => this.#log.error({ error }, 'an executor did not stop'));
  }

  async #make(policy: Policy): Promise<Executor> {
    const apollo = new ApolloServer<Context>({
      schema: buildCommunitySchema(this.#community, policy),
      introspection: false,
      persistedQueries: false,
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      formatError: (formatted, error) => toConstant(formatted, error, this.#log),
      plugins: [ApolloServerPluginCacheControlDisabled(), reportDisclosed],
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

/** Lists the disclosed rows and counts in the response's extensions: the hub writes them to the audit log before it answers. */
const reportDisclosed: ApolloServerPlugin<Context> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ contextValue, response }) => {
        if (response.body.kind === 'single') {
          response.body.singleResult.extensions = {
            disclosed: contextValue.loaders.disclosed(),
          };
        }
        return Promise.resolve();
      },
    }),
};

/** Replaces an error by a code of the closed table and its constant message. The exception's message is only logged. */
function toConstant(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const found = hubErrorOf(error)?.code ?? formatted.extensions?.['code'];
  const code = isHubErrorCode(found) ? found : 'INTERNAL';
  if (code === 'INTERNAL') log.error({ error }, 'an operation failed');
  return { message: errorTable[code].message, extensions: { code } };
}
