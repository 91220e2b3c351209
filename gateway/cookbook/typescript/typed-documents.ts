import { type DocumentNode, Kind, type OperationDefinitionNode, print } from 'graphql';

/** A file with operations, as GraphQL Code Generator gives it to a plugin. */
type OperationFile = { readonly document?: DocumentNode };

const head = [
  "import { parse, type TypedQueryDocumentNode } from 'graphql';",
  '/** Returns the document of an operation, with the types of its result and its variables. */',
  'const typed = <Result, Variables>(text: string) => parse(text) as TypedQueryDocumentNode<Result, Variables>;',
];

/**
 * A plugin of GraphQL Code Generator: exports each operation as a document that knows its types. It needs graphql only;
 * `@graphql-codegen/typed-document-node` exports the same with the type of another package.
 */
export function plugin(_schema: unknown, files: readonly OperationFile[]) {
  const documents = files.flatMap(({ document }) => (document === undefined ? [] : exportsOf(document)));
  return { prepend: [head[0] ?? ''], content: [...head.slice(1), ...documents].join('\n') };
}

/** Each file of the cookbook has one operation and the fragments that it uses. */
function exportsOf(document: DocumentNode): readonly string[] {
  return document.definitions
    .filter((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)
    .map(({ name }) => {
      const operation = name?.value ?? '';
      const types = `<${operation}Query, ${operation}QueryVariables>`;
      return `export const ${operation}Document = typed${types}(${JSON.stringify(print(document))});`;
    });
}
