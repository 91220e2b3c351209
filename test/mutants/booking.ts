import type { Guard } from './guard.ts';

/** Guards of the bookings of persons and service units. */
export const booking: readonly Guard[] = [
  {
    name: 'a booking of a person who is taken',
    file: 'subgraphs/serve/workflow/bookings.ts',
    from: 'if (free?.getTime() === asked.from.getTime()) return;',
    to: 'if (free !== undefined) return;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'a booking in a team whose provider somebody else stated',
    file: 'subgraphs/serve/workflow/unit-moves.ts',
    from: "(feed === 'by-hand' && isEnteredByOther)",
    to: 'false',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'a booking for a mobilisation that is hidden, as for nothing',
    file: 'subgraphs/serve/workflow/unit-moves.ts',
    from: 'throw error instanceof Refused ? notSought : error;',
    to: 'throw error;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'a booking for a mobilisation that seeks no team',
    file: 'subgraphs/serve/workflow/unit-moves.ts',
    from: '|| !seeking.has(stored.progress.state)) throw notSought;',
    to: ') throw notSought;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'a booking by the desk of its mobilisation',
    file: 'subgraphs/serve/workflow/unit-moves.ts',
    from: '{ desk: sought.decider }',
    to: '{ desk: readerAccess.reader.organisation }',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'no booking of a unit that is hidden',
    file: 'subgraphs/serve/workflow/unit-moves.ts',
    from: 'const seen = withoutHidden(record.content as Content, hidden);',
    to: 'const seen = record.content as Content;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'a booking that shows no hidden unit',
    file: 'subgraphs/serve/workflow/named-parts.ts',
    from: 'filter(([name]) => !hidden.has(name))',
    to: 'filter(() => true)',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
  {
    name: 'the details of a booking, for its sides only',
    file: 'subgraphs/serve/workflow/named-parts.ts',
    from: "return seen.includes('all') ? 'all' : (seen[0] ?? null);",
    to: "return seen.includes('') ? null : 'all';",
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/bookings',
  },
];
