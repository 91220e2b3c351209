import type { ApolloServerPlugin } from '@apollo/server';
import { type GraphQLFormattedError, type GraphQLSchema, validate } from 'graphql';
import { errorTable } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';

const code = 'GRAPHQL_VALIDATION_FAILED';
const maxErrors = 20;

/**
 * Says what is wrong with a document in the words of the reader's own schema: "Did you mean" suggests nothing that this
 * kind may never use, and a field that is hidden from it is as unknown as one that does not exist. A document that fits
 * the published schema never comes here: what it may not use is cut out and answered as null.
 */
export function suggestFromKind(
  schemaOf: (context: RequestContext) => GraphQLSchema,
): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ response, document, contextValue }) => {
          if (response.body.kind !== 'single' || document === undefined) return Promise.resolve();
          const { errors } = response.body.singleResult;
          if (errors?.some((error) => error.extensions?.['code'] !== code) !== false)
            return Promise.resolve();
          const found = validate(schemaOf(contextValue), document, undefined, { maxErrors: maxErrors });
          // What the kind's schema finds nothing wrong with is told without the words of any schema.
          if (found.length === 0) {
            const { message } = errorTable[code];
            response.body.singleResult.errors = [{ message, extensions: { code } }];
            return Promise.resolve();
          }
          response.body.singleResult.errors = found.map(({ message, locations }): GraphQLFormattedError => ({
            message,
            ...(locations === undefined ? {} : { locations }),
            extensions: { code },
          }));
          return Promise.resolve();
        },
      }),
  };
}
