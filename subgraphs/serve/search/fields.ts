import { getNamedType, type GraphQLObjectType, isLeafType, isObjectType, isScalarType } from 'graphql';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf } from '../record/contract.ts';
import type { SearchFields } from './search-fields.ts';

/** The fields that can stand for a record, the best first, and those that also name it. */
const titles = [
  'title',
  'name',
  'subject',
  'info',
  'names',
  'question',
  'reference',
  'serial',
  'caseNumber',
  'unit',
  'indicator',
  'product',
  'vulnerability',
];
const identifiers = ['cveId', 'euvdId', 'aliases', 'synonyms', 'attackId', 'euReference', 'stixId', 'uuid'];
/** Fields that are computed for each reader. */
const computed = ['progress', 'threads', 'levels', 'prompt', 'linkedRecords'];
const maxDepth = 3;

/**
 * Finds the fields of a record type that a search compares: those with texts, also in lists and objects, and those that name
 * an entity by an id. Never a guarded field, nor one that a reader sees a part of: the items of the own Member State, or the
 * own threads.
 */
export function searchFieldsOf(
  community: Community,
  { type, guarded = [], itemsOfState }: Pick<Kind, 'type' | 'guarded' | 'itemsOfState'>,
): SearchFields {
  const object = contractOf(community).getType(type);
  if (!isObjectType(object)) throw new Error(`the SDL of ${community} has no type ${type}`);
  const ofState = itemsOfState === undefined ? [] : [itemsOfState.field];
  const excluded = new Set(['id', 'envelope', ...computed, ...guarded, ...ofState]);
  const texts = new Map<string, readonly (readonly string[])[]>();
  for (const field of Object.values(object.getFields())) {
    if (field.args.length > 0 || excluded.has(field.name)) continue;
    const paths = pathsIn(getNamedType(field.type), 0);
    if (paths.length > 0) texts.set(field.name, paths);
  }
  return {
    title: titles.find((name) => texts.has(name)) ?? null,
    naming: new Set([...titles, ...identifiers].filter((name) => texts.has(name))),
    texts,
  };
}

/** Returns the names of the fields, those that name a record first. */
export function namingFirst({ naming, texts }: SearchFields): readonly string[] {
  return [...texts.keys()].toSorted((one, other) => Number(naming.has(other)) - Number(naming.has(one)));
}

/** Returns the texts of a field of content. */
export function textsOf(
  { texts }: SearchFields,
  field: string,
  content: Readonly<Record<string, unknown>>,
): readonly string[] {
  return (texts.get(field) ?? []).flatMap((path) => textsAt(content[field], path));
}

type Named = ReturnType<typeof getNamedType>;

function pathsIn(type: Named, depth: number): readonly (readonly string[])[] {
  if (isScalarType(type)) return type.name === 'String' || type.name === 'ID' ? [[]] : [];
  if (isLeafType(type) || !isObjectType(type) || depth > maxDepth) return [];
  // An object with an id is stored as its key.
  if (Object.hasOwn(type.getFields(), 'id')) return [[]];
  if (type.name === 'Text') return [['value']];
  if (type.name === 'Time') return [];
  return Object.values((type as GraphQLObjectType).getFields()).flatMap((field) =>
    field.args.length > 0
      ? []
      : pathsIn(getNamedType(field.type), depth + 1).map((path) => [field.name, ...path]),
  );
}

function textsAt(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsAt(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return typeof value === 'string' ? [withoutType(value)] : [];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return textsAt((value as Readonly<Record<string, unknown>>)[name], rest);
}

/** Returns the natural key of an entity, such as `CVE-2025-1` of `Vulnerability:CVE-2025-1`. */
function withoutType(value: string): string {
  return value.replace(/^[A-Z][A-Za-z]+:(?=\S)/u, '');
}
