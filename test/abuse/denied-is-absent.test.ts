import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLArgument, isInputObjectType, isScalarType, getNamedType } from 'graphql';
import { read } from '../../schema/sources.ts';
import { ask, standing } from '../helpers/ask.ts';
import { absent, importHidden, insider, outsiders, probes, type Target } from '../helpers/hidden.ts';

/**
 * Each query is sent twice: for a hidden record, and for one that does not exist. Both answers must be the same bytes. The
 * originator's analyst shows that the query finds the record.
 */

let hidden: Target;
beforeAll(async () => (hidden = await importHidden(standing(), standing().uris['cert-eu'] ?? '')), 60_000);

/** Returns the part of an answer that must be equal: all but the correlation id and the requested key itself. */
function comparable(text: string, target: Target): string {
  return [target.cve, target.serial, target.at, target.id].reduce(
    (rest, value) => rest.replaceAll(value, '*'),
    text.replace(/"correlationId":"[^"]+"/, ''),
  );
}

describe.each(probes)('%s', (_name, query) => {
  test.each(outsiders)(
    'answers $as for the hidden record as for a missing one, byte for byte',
    async (who) => {
      const denied = await ask(standing(), who, query(hidden));
      const missing = await ask(standing(), who, query(absent));
      expect(comparable(denied.text, hidden)).toBe(comparable(missing.text, absent));
      expect([denied.status, [...denied.headers.keys()]]).toEqual([
        missing.status,
        [...missing.headers.keys()],
      ]);
    },
  );

  test('returns the record to the originator’s own analyst', async () => {
    const seen = await ask(standing(), insider, query(hidden));
    const missing = await ask(standing(), insider, query(absent));
    expect(seen.body.errors).toBeUndefined();
    expect(comparable(seen.text, hidden)).not.toBe(comparable(missing.text, absent));
  });
});

const pageAfter = (after: string) => `{ advisories(first: 1, after: "${after}") { nodes { id } } }`;

test('answers another reader’s cursor, a forged one and one of another list with the same error', async () => {
  const { body } = await ask(
    standing(),
    insider,
    '{ advisories(first: 1) { pageInfo { endCursor } } mispEvents(first: 1) { pageInfo { endCursor } } }',
  );
  const foreign = body.data.advisories.pageInfo.endCursor;
  const ofAnother = body.data.mispEvents.pageInfo.endCursor;
  expect((await ask(standing(), insider, pageAfter(foreign))).body.errors).toBeUndefined();
  for (const who of outsiders) {
    const answers = await Promise.all(
      [foreign, ofAnother, 'forged', `${foreign}A`].map(async (after) => {
        const { text, status } = await ask(standing(), who, pageAfter(after));
        return [status, text.replace(/"correlationId":"[^"]+"/, '')];
      }),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(String(answers[0])).toContain('BAD_CURSOR');
  }
});

type Scalar = readonly [path: string, type: string, query: string, wrap: (value: unknown) => unknown];

const asIs = (value: unknown) => value;

/** Returns every argument of a root field, and every field of its input objects, that takes a scalar. */
function scalarsOfDoors(): readonly Scalar[] {
  const schema = buildSchema(read('published.graphql'));
  return Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap((door) => {
    const required = door.args.filter((argument) => String(argument.type).endsWith('!'));
    const select = isScalarType(getNamedType(door.type)) ? '' : '{ __typename }';
    const queryOf = ({ name, type }: GraphQLArgument) => {
      const others = required
        .filter((other) => other.name !== name)
        .map((other) => `${other.name}: ${exampleOf(other)}`);
      return `query ($v: ${String(type)}) { ${door.name}(${[`${name}: $v`, ...others].join(', ')}) ${select} }`;
    };
    return door.args.flatMap((argument): Scalar[] => {
      const type = getNamedType(argument.type);
      if (isScalarType(type)) return [[`${door.name}.${argument.name}`, type.name, queryOf(argument), asIs]];
      if (!isInputObjectType(type)) return [];
      return Object.values(type.getFields())
        .filter((field) => isScalarType(getNamedType(field.type)))
        .map((field): Scalar => [
          `${door.name}.${argument.name}.${field.name}`,
          getNamedType(field.type).name,
          queryOf(argument),
          (value) => ({ [field.name]: value }),
        ]);
    });
  });
}

/** Returns a literal that the type of an argument accepts. */
function exampleOf({ name, type }: Pick<GraphQLArgument, 'name' | 'type'>): string {
  if (getNamedType(type).name === 'DateTime') return '"2026-03-04T12:00:00.000Z"';
  return name === 'type' ? 'OTHER' : '"x"';
}

/** Root fields that the insider's kind may never use are requested as a kind that may. */
const auditors: Readonly<Record<string, string>> = {
  accessPerson: 'data-protection-officer',
  decision: 'policy-auditor',
  disclosures: 'policy-auditor',
  ownReads: 'cert-eu-operator',
};

test.each(scalarsOfDoors())(
  'refuses an operator object for %s (%s) before any store is queried',
  async (path, _type, query, wrap) => {
    for (const value of [{ $ne: null }, { $gt: '' }, { $where: 'true' }, { toString: 'x' }]) {
      const who = auditors[path.split('.')[0] ?? ''] ?? insider;
      const send = async () => await ask(standing(), who, query, { v: wrap(value) });
      let { status, body } = await send();
      // Requests that keep failing are refused for a time.
      for (; status === 429; { status, body } = await send())
        await new Promise((resolve) => setTimeout(resolve, 1000));
      expect([path, status, body.errors?.[0]?.extensions?.code]).toEqual([path, 400, 'BAD_USER_INPUT']);
      expect(body.data ?? null).toBeNull();
    }
  },
);
