import { expect, test } from '@jest/globals';
import { getNamedType, isEnumType, isObjectType } from 'graphql';
import { nameOfKind } from '../../../../schema/record/record-kinds.ts';
import { contractOf } from '../../../../subgraphs/serve/record/contract.ts';
import { parts } from '../../../../docker/trial/parts.ts';
import { policy } from '../../../helpers/policy.ts';

const all = Object.values(parts).flatMap((part) => part.kinds.map((kind) => ({ part, kind })));

test('every kind of record has a value of RecordKind, and there is no other', () => {
  const type = contractOf('enisa').getType('RecordKind');
  const values = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
  expect(values.toSorted()).toEqual(all.map(({ kind }) => nameOfKind(kind.type)).toSorted());
});

test.each(all.map((one) => [one.kind.type, one] as const))(
  'a search compares no field of %s that its reader sees a part of',
  (type, { part, kind }) => {
    const object = contractOf(part.name).getType(type);
    if (!isObjectType(object)) throw new Error(`expected the type ${type}`);
    const names = [...(kind.search?.texts.keys() ?? [])];
    expect(names.length).toBeGreaterThan(0);
    const partly = names.filter((name) => {
      const named = getNamedType(object.getFields()[name]?.type);
      const isReference = isObjectType(named) && Object.hasOwn(named.getFields(), 'id');
      // A resolver of its own can narrow what the reader sees, so that a word in the rest would reveal it.
      return part.resolvers[type]?.[name] !== undefined && !isReference;
    });
    expect(partly).toEqual([]);
    expect(names.filter((name) => kind.guarded?.includes(name) || kind.itemsOfState?.field === name)).toEqual(
      [],
    );
  },
);

test('every text in an object of a searched field is readable with the field', () => {
  const wrong: string[] = [];
  for (const { part, kind } of all)
    for (const [name, paths] of kind.search?.texts ?? []) {
      const object = contractOf(part.name).getType(kind.type);
      for (const path of paths) {
        let type = isObjectType(object) ? getNamedType(object.getFields()[name]?.type) : undefined;
        for (const step of path) {
          if (!isObjectType(type))
            throw new Error(`expected an object before ${step} of ${kind.type}.${name}`);
          const place = policy.coordinates.placeOf(type.name, step);
          if (place?.nature !== 'part' || place.group !== 'content') wrong.push(`${type.name}.${step}`);
          type = getNamedType(type.getFields()[step]?.type);
        }
      }
    }
  expect([...new Set(wrong)]).toEqual([]);
});
