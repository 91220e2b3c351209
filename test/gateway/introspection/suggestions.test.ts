import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { schemaOfKind } from '../../../gateway/introspection/schema-of-kind.ts';

const whole = buildSchema(
  'type Query { advisory: Advisory } type Advisory { serial: String serials: String id: ID }',
);
const ofKind = schemaOfKind(whole, (type, field) => type !== 'Advisory' || field === 'id');

const messagesOf = (schema: typeof whole, text: string) =>
  validate(schema, parse(text)).map(({ message }) => message);

const unknownField = (name: string) => `Cannot query field "${name}" on type "Advisory".`;

test('pins the messages of the installed graphql that name coordinates', () => {
  expect(messagesOf(whole, '{ advisory { seral } }')).toEqual([
    'Cannot query field "seral" on type "Advisory". Did you mean "serial" or "serials"?',
  ]);
  expect(messagesOf(whole, '{ advisory { ... on Advisry { id } } }')).toEqual([
    'Unknown type "Advisry". Did you mean "Advisory"?',
  ]);
});

test('suggests no hidden coordinate, and reports a hidden field like an unknown one', () => {
  expect(messagesOf(ofKind, '{ advisory { seral } }')).toEqual([unknownField('seral')]);
  expect(messagesOf(ofKind, '{ advisory { serial } }')).toEqual([unknownField('serial')]);
});
