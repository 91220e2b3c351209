import type { ApolloServerPlugin } from '@apollo/server';
import { type GraphQLFormattedError, type GraphQLSchema, validate } from 'graphql';
import { errorTable } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';

const code = 'GRAPHQL_VALIDATION_FAILED';
const maxErrors = 20;

/**
 * Replaces validation errors by those against the schema of the reader's kind. "Did you mean" then suggests no hidden
 * coordinate, and a hidden field gives the same error as one that does not exist. It does not apply to a document that
 * is valid under the published schema: the decision removes the refused coordinates of those.
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
          const found = validate(schemaOf(contextValue), document, undefined, { maxErrors });
          // The document is invalid under the published schema only: its messages would name hidden coordinates.
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
