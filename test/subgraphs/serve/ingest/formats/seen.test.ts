import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Seen } from '../../../../../subgraphs/serve/ingest/formats/seen.ts';

test('answers as a map of all ids with their first content would', () => {
  const met = fc.tuple(
    fc.oneof(fc.constantFrom('', 'Bulletin 1', 'Bulletin 11', 'Bulletin 1 '), fc.string({ maxLength: 3 })),
    fc.constantFrom('one', 'other'),
  );
  fc.assert(
    fc.property(fc.array(met, { maxLength: 60 }), (list) => {
      const [seen, known] = [new Seen(), new Map<string, string>()];
      for (const [place, hash] of list) {
        const expected = known.has(place) ? (known.get(place) === hash ? 'same' : 'other') : 'new';
        if (expected === 'new') known.set(place, hash);
        expect(seen.meet(place, hash)).toBe(expected);
      }
    }),
  );
});

test('keeps all entries as it grows, at a few bytes per record', () => {
  const seen = new Seen();
  const count = 200_000;
  const before = process.memoryUsage().arrayBuffers;
  const first = Array.from({ length: count }, (_, at) => seen.meet(`Bulletin ${at}`, `hash ${at}`));
  expect(first.every((outcome) => outcome === 'new')).toBe(true);
  expect((process.memoryUsage().arrayBuffers - before) / count).toBeLessThan(150);
  const again = Array.from({ length: count }, (_, at) =>
    seen.meet(`Bulletin ${at}`, at % 2 === 0 ? `hash ${at}` : 'another'),
  );
  expect(again.every((outcome, at) => outcome === (at % 2 === 0 ? 'same' : 'other'))).toBe(true);
});
