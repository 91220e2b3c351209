import { codegen } from '@graphql-codegen/core';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as documents from './typed-documents.ts';

const folder = import.meta.dirname;
const output = 'operations.ts';

type Config = {
  readonly schema: string;
  readonly generates: Readonly<
    Record<
      string,
      { readonly plugins: readonly string[]; readonly config: Readonly<Record<string, unknown>> }
    >
  >;
};

const plugins = { 'typescript-operations': operations, './typed-documents.ts': documents };

/** Generates the types of all operations of the cookbook by `codegen.yml`, as `graphql-codegen` does. */
export async function generate(): Promise<string> {
  const { schema: path, generates } = parseYaml(readFileSync(join(folder, 'codegen.yml'), 'utf8')) as Config;
  const target = generates[output];
  if (target === undefined) throw new Error(`codegen.yml: expected the file ${output} under generates`);
  const schema = readFileSync(join(folder, path), 'utf8');
  return await codegen({
    filename: output,
    schema: parse(schema),
    schemaAst: buildSchema(schema),
    documents: operationFiles().map(({ location, text }) => ({ location, document: parse(text) })),
    config: target.config,
    plugins: target.plugins.map((name) => ({ [name]: {} })),
    pluginMap: plugins,
  });
}

function operationFiles(): readonly { readonly location: string; readonly text: string }[] {
  const names = readdirSync(join(folder, '..')).filter((name) => name.endsWith('.graphql'));
  return names.toSorted().map((name) => {
    const location = join(folder, '..', name);
    return { location, text: readFileSync(location, 'utf8') };
  });
}

if (import.meta.main) writeFileSync(join(folder, output), await generate());
