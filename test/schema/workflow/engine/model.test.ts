import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { decide, movesFrom } from '../../../../schema/workflow/engine/decide.ts';
import { type Known, type Standing, standingFor } from '../../../../schema/workflow/engine/progress.ts';
import { declared, type Declared, endOf } from './declared.ts';
import { PlainModel, type Tried } from './plain-model.ts';
import { lastOf, type World } from './plain-world.ts';
import { attemptOf, begin, run, startOf, statesOfHub, type Step, withHub } from './random-runs.ts';

const runs = 250;
const far = 400 * 24 * 3_600_000;

/** The same record in the engine and in the plain model, and the states that all runs have seen. */
class TwoRecords {
  readonly #of: Declared;
  readonly #model: PlainModel;
  readonly #seen: Seen;
  readonly #relations: readonly ReadonlySet<string>[];
  #known: Known | null;
  #world: World;
  #isMovedByHub = false;

  constructor(of: Declared, model: PlainModel, seen: Seen, start: readonly number[]) {
    this.#of = of;
    this.#model = model;
    this.#seen = seen;
    const relations = Object.keys(of.file.relations);
    this.#relations = [[], relations, ...relations.map((one) => [one])].map((some) => new Set(some));
    this.#world = startOf(of.file, start);
    const { history, fields } = this.#world;
    const [place] = history;
    this.#known = place === undefined ? null : { progress: { ...place, former: null }, fields };
  }

  /** Makes a move in both, and expects the same refusal, or the same state and facts. */
  move(one: Step, now: Date): void {
    const tried = attemptOf(this.#of.file, this.#model, this.#world, one, now);
    const { fields } = this.#world;
    const can = movesFrom(this.#of.engine, { ...tried, known: this.#known, fields }, endOf);
    expectSame(can, this.#model.possible(this.#world, tried.actor, now), 'possible moves', tried);
    const decided = decide(this.#of.engine, { ...tried, known: this.#known, fields }, endOf);
    const answer = this.#model.make(this.#world, tried);
    if ('refused' in decided || 'code' in answer) {
      const { code, path } = 'refused' in decided ? decided.refused : { code: 'made', path: [] };
      expectSame({ code, path }, 'code' in answer ? answer : { code: 'made', path: [] }, 'refusal', tried);
      return;
    }
    expectSame(standingIn(decided.progress), lastOf(answer.world), 'progress', tried);
    const from = this.#known?.progress.state;
    if (from !== undefined && from !== decided.progress.state) this.#seen.left.add(from);
    this.#isMovedByHub ||= tried.actor.offices.has('hub');
    this.#known = { progress: decided.progress, fields };
    this.#world = answer.world;
  }

  /** Expects that every reader sees the same in both, at each of the instants. */
  look(...instants: readonly Date[]): void {
    if (this.#known === null) return;
    this.#see(this.#known.progress.state);
    for (const now of instants)
      for (const relations of this.#relations) {
        const standing = standingFor(this.#of.engine, this.#known, relations, now, endOf);
        expectSame(standing, this.#model.shown(this.#world, relations, now), 'shown state', {
          now,
          relations,
        });
        this.#see(standing.state);
      }
  }

  #see(state: string): void {
    this.#seen.states.add(state);
    if (!this.#isMovedByHub) this.#seen.byPersons.add(state);
  }

  /** The instants at which something can change: each that is known, and the millisecond before and after. */
  turns(now: Date): readonly Date[] {
    if (this.#known === null) return [];
    const { progress, fields } = this.#known;
    const late = new Date(now.getTime() + far);
    const shown = this.#relations.map((some) => this.#model.shown(this.#world, some, late).since);
    const known = [...Object.values(progress.facts), ...Object.values(fields), ...shown];
    return known
      .filter((value) => value instanceof Date)
      .flatMap((value) => [-1, 0, 1].map((ms) => new Date(value.getTime() + ms)));
  }
}

/** The states that the runs showed, those before any move of the hub, and those that a move left. */
type Seen = {
  readonly states: Set<string>;
  readonly byPersons: Set<string>;
  readonly left: Set<string>;
};

const all = declared.map((of) => ({
  name: of.name,
  of: withHub(of),
  hubOnly: statesOfHub(of.file, new PlainModel(of.file, endOf)),
}));

describe.each(all)('the engine on $name', ({ of, hubOnly }) => {
  const seen: Seen = { states: new Set(), byPersons: new Set(), left: new Set() };

  test(`decides and shows the same as the plain model, in ${runs} random runs`, () => {
    const model = new PlainModel(of.file, endOf);
    const property = fc.property(run, ({ start, steps }) => {
      const records = new TwoRecords(of, model, seen, start);
      let now = begin;
      for (const one of steps) {
        now = new Date(now.getTime() + one.wait);
        records.move(one, now);
        records.look(now);
      }
      records.look(...records.turns(now));
    });
    expect(() => {
      fc.assert(property, { numRuns: runs, seed: 20_260_302 });
    }).not.toThrow();
  });

  test('reaches every state in these runs', () => {
    const missing = Object.keys(of.file.states).filter((state) => !seen.states.has(state));
    expect(missing).toEqual([]);
  });

  test(`reaches ${hubOnly.join(', ') || 'no state'} only after a move of the hub, and every other one without`, () => {
    const missing = Object.keys(of.file.states).filter((state) => !seen.byPersons.has(state));
    expect(missing).toEqual(hubOnly);
  });

  test('leaves every state in these runs that is not final', () => {
    const entries = Object.entries(of.file.states);
    const ends = entries.flatMap(([, { final, computed }]) => (final === true ? (computed?.from ?? []) : []));
    const kept = entries.filter(
      ([name, { final, computed }]) =>
        final !== true && computed === undefined && !ends.includes(name) && !seen.left.has(name),
    );
    expect(kept.map(([name]) => name)).toEqual([]);
  });
});

function standingIn({ state, since, facts }: Standing): Standing {
  return { state, since, facts };
}

function expectSame(got: unknown, expected: unknown, what: string, situation: Partial<Tried> | object): void {
  if (isDeepStrictEqual(got, expected)) return;
  throw new Error(
    `${what}: the engine gives ${JSON.stringify(got)}, the plain model ${JSON.stringify(expected)} for ${JSON.stringify(situation)}`,
  );
}
