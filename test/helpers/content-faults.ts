import {
  getNullableType,
  type GraphQLType,
  isLeafType,
  isListType,
  isObjectType,
  type GraphQLLeafType,
} from 'graphql';
import { kinds as certEu } from '../../subgraphs/cert-eu/records.ts';
import { kinds as defence } from '../../subgraphs/defence/records.ts';
import { kinds as eeas } from '../../subgraphs/eeas/records.ts';
import { kinds as enisa } from '../../subgraphs/enisa/records.ts';
import { kinds as europol } from '../../subgraphs/europol/records.ts';
import type { Mapped, Source } from '../../subgraphs/serve/ingest/sources/source.ts';
import type { Kind } from '../../subgraphs/serve/kind.ts';
import { contractOf } from '../../subgraphs/serve/record/contract.ts';

const importing = { 'cert-eu': certEu, defence, eeas, enisa, europol };

/** Throws if the content of a mapped record has a field or a value that the graph does not declare. */
export function refuseContentFaults({ defaults }: Pick<Source, 'defaults'>, mapped: readonly Mapped[]): void {
  const community = defaults.custodian as keyof typeof importing;
  const faults = mapped.flatMap((record) => findFaults(community, record));
  if (faults.length > 0)
    throw new Error(`content that the graph does not declare:\n  ${faults.join('\n  ')}`);
}

function findFaults(community: keyof typeof importing, { kind: name, content }: Mapped): readonly string[] {
  const kind = importing[community].find(({ type }: Kind) => type === name);
  const type = contractOf(community).getType(name);
  if (kind === undefined || !isObjectType(type)) return [`${name}: not a record type of ${community}`];
  return Object.entries(content).flatMap(([field, value]) => {
    if (!Object.hasOwn(kind.content, field)) return [`${name}.${field}: not a field`];
    const declared = type.getFields()[field];
    // A search key is stored, but the graph does not show it.
    return declared === undefined ? [] : faultsOf(declared.type, value, `${name}.${field}`);
  });
}

function faultsOf(nullable: GraphQLType, value: unknown, path: string): readonly string[] {
  if (value === null || value === undefined) return [];
  const type = getNullableType(nullable);
  if (isListType(type))
    return Array.isArray(value)
      ? value.flatMap((one) => faultsOf(type.ofType, one, path))
      : [`${path}: not a list`];
  if (isLeafType(type)) return serializes(type, value) ? [] : [`${path}: not a ${type.name}`];
  if (!isObjectType(type)) return [`${path}: not an object`];
  const fields = type.getFields();
  if (Object.hasOwn(fields, 'id')) return typeof value === 'string' ? [] : [`${path}: not a key`];
  return Object.entries(value).flatMap(([field, inner]) => {
    const declared = fields[field];
    return declared === undefined
      ? [`${path}.${field}: not a field`]
      : faultsOf(declared.type, inner, `${path}.${field}`);
  });
}

function serializes(type: GraphQLLeafType, value: unknown): boolean {
  try {
    return type.serialize(value) !== undefined;
  } catch {
    return false;
  }
}
