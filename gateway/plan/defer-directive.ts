import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLNonNull,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';

/** Adds `@defer`, in the form of the working draft that clients support. */
export function withDeferDirective(schema: GraphQLSchema): GraphQLSchema {
  const defer = new GraphQLDirective({
    name: 'defer',
    description: 'Answers a fragment later, in a further part of a multipart response.',
    locations: [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
    args: {
      if: {
        type: new GraphQLNonNull(GraphQLBoolean),
        defaultValue: true,
        description: 'Answers the fragment together with the other fields if false.',
      },
      label: { type: GraphQLString, description: 'A name of the fragment, which its part repeats.' },
    },
  });
  const config = schema.toConfig();
  return new GraphQLSchema({ ...config, directives: [...config.directives, defer], assumeValid: true });
}
