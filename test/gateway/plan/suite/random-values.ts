import {
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import type { Random } from './random.ts';

const scalars: Readonly<Record<string, readonly unknown[]>> = {
  Int: [0, 1, 2, -3],
  Float: [0, 0.5, -2, 3],
  String: ['', 'a', 'é "quoted"\n'],
  Boolean: [true, false],
  // The rows of the suite have these ids, without 9.
  ID: ['0', '1', '2', '3', '', '9'],
};

const custom = [0, '', 'text', true, [1, null, 'a'], { a: { b: [0] }, c: null }];

/** Returns a random value of an input type, as JSON. */
export function randomValue(type: GraphQLInputType, random: Random): unknown {
  if (isNonNullType(type)) return randomOfNullable(type.ofType, random);
  return random.chance(0.1) ? null : randomOfNullable(type, random);
}

function randomOfNullable(type: GraphQLInputType, random: Random): unknown {
  if (isListType(type))
    return Array.from({ length: random.integer(0, 2) }, () => randomValue(type.ofType, random));
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => isRequiredInputField(field) || random.chance(0.5),
    );
    return Object.fromEntries(fields.map((field) => [field.name, randomValue(field.type, random)]));
  }
  return random.pick(scalars[String(type)] ?? custom);
}

/** Prints a value of an input type as a literal of the query language. */
export function printValue(type: GraphQLInputType, value: unknown): string {
  if (isNonNullType(type)) return printValue(type.ofType, value);
  if (value === null) return 'null';
  if (isListType(type))
    return `[${(value as unknown[]).map((one) => printValue(type.ofType, one)).join(', ')}]`;
  if (isEnumType(type)) return value as string;
  if (!isInputObjectType(type)) return printJson(value);
  const fields = type.getFields();
  const parts = Object.entries(value as object).flatMap(([name, one]) => {
    const field = fields[name];
    return field === undefined ? [] : `${name}: ${printValue(field.type, one)}`;
  });
  return `{ ${parts.join(', ')} }`;
}

function printJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([name, one]) => `${name}: ${printJson(one)}`);
  return `{ ${parts.join(', ')} }`;
}
