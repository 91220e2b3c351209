import { expect, test } from '@jest/globals';
import { readChangeLine, writeChangeLine } from '../../../../schema/protocol/change-event.ts';
import { toEvent } from '../../../../subgraphs/serve/live/to-event.ts';
import { envelopeOf } from '../../../helpers/records.ts';

const now = new Date('2026-11-24T12:00:00Z');

function eventWith(keys: readonly string[]) {
  const written = {
    kind: 'Advisory',
    id: 'Advisory:q3Jr0cXoT1y2bV8kLw5zSg',
    isNew: false,
    envelope: envelopeOf(),
    admittedBefore: keys,
  };
  return toEvent(written, { subscribeKeys: () => keys }, now, 'p1');
}

test.each([
  ['more keys than a line may have', Array.from({ length: 20_000 }, (_, n) => `real|csirt-${n};u`)],
  ['keys that fill a line', Array.from({ length: 9000 }, (_, n) => `real|${'x'.repeat(400)}${n};u`)],
  ['a key that is too long', ['real|csirt-fr;u', 'x'.repeat(2000)]],
])('makes a line that the hub can read of a record with %s', (_what, keys) => {
  const event = eventWith(keys);
  if (event === null) throw new Error('expected an event');
  expect(event.admits[0]).toBe(keys[0]);
  const written = writeChangeLine({ event });
  expect(readChangeLine(written.trimEnd())).toEqual({ event });
});
