import type { Actor, Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { EndOfClock } from '../../../../schema/workflow/engine/progress.ts';
import type {
  InstantFile,
  MoveFile,
  WhoFile,
  WorkflowFile,
} from '../../../../schema/workflow/language/language.ts';
import { faultOfInput } from './plain-input.ts';
import { lastOf, type Place, type Values, type World } from './plain-world.ts';

/** A move as the plain model gets it. */
export type Tried = Omit<Attempt, 'known'>;

/** The answer of the plain model. */
export type Answer =
  | { readonly world: World }
  | { readonly code: 'NOT_ALLOWED' | 'WRONG_STATE' | 'INVALID'; readonly path: readonly string[] };

const minute = 60_000;
const day = 1440 * minute;

/**
 * The meaning of a declaration, written out from its documentation and without the engine. It keeps the whole history,
 * and hides a masked state as if the moves that led there had not been made.
 */
export class PlainModel {
  readonly #file: WorkflowFile;
  readonly #endOf: EndOfClock;

  constructor(file: WorkflowFile, endOf: EndOfClock) {
    this.#file = file;
    this.#endOf = endOf;
  }

  /** Returns the stored state, or the last computed state of the file that applies at the instant. */
  clocked(world: World, now: Date): Place {
    const stored = lastOf(world);
    let shown = stored;
    for (const [state, { computed }] of Object.entries(this.#file.states)) {
      if (computed?.from.includes(stored.state) !== true) continue;
      if (computed.until !== undefined && isSet(stored.facts[computed.until])) continue;
      const since = this.#beginning(computed, world);
      if (since !== null && since <= now) shown = { state, since, facts: stored.facts };
    }
    return shown;
  }

  /** Returns the state that a reader with these relations is shown at an instant. */
  shown(world: World, relations: ReadonlySet<string>, now: Date): Place {
    const real = this.clocked(world, now);
    const mask = this.#maskOn(real, relations);
    if (mask === undefined) return real;
    const seen = this.seen(world, relations);
    const last = lastOf(seen);
    const since = mask.at === undefined ? last.since : this.#instant(mask.at, seen);
    if (since !== null && since <= now) return { state: mask.as, since, facts: last.facts };
    if (seen.history.length < world.history.length) return this.shown(seen, relations, now);
    return this.#maskOn(last, relations) === undefined ? last : { ...last, state: mask.as };
  }

  /** Returns the world without the last states that are hidden from a reader. The first state stays. */
  seen({ history, fields }: World, relations: ReadonlySet<string>): World {
    const last = history.at(-1);
    if (last === undefined || history.length === 1 || this.#maskOn(last, relations) === undefined)
      return { history, fields };
    return this.seen({ history: history.slice(0, -1), fields }, relations);
  }

  /** Returns the moves that a person can make at an instant. */
  possible(world: World, person: Actor, now: Date): readonly string[] {
    return Object.keys(this.#file.moves).filter((name) => {
      const move = this.move(name);
      return this.#may(move, world, person, {}) && this.#leads(move, world, person, now);
    });
  }

  /** Makes a move, or says why not: first who, then when, then the state, then the input. */
  make(world: World, tried: Tried): Answer {
    const { actor, input, happenedAt } = tried;
    const move = this.move(tried.move);
    if (!this.#may(move, world, actor, input)) return { code: 'NOT_ALLOWED', path: [] };
    const late = this.#faultOfTime(world, tried);
    if (late !== null) return { code: 'INVALID', path: late };
    if (!this.#leads(move, world, actor, happenedAt)) return { code: 'WRONG_STATE', path: [] };
    const fault = faultOfInput(move, this.seen(world, actor.relations), { input, happenedAt });
    if (fault !== null) return { code: 'INVALID', path: [fault] };
    return { world: this.#after(move, world, tried) };
  }

  /** Returns a move as the file declares it. */
  move(name: string): MoveFile {
    const move = this.#file.moves[name];
    if (move === undefined) throw new Error(`expected a move, got ${name}`);
    return move;
  }

  #may(move: MoveFile, world: World, person: Actor, input: Values): boolean {
    if (typeof move.by === 'string') return false;
    const { fields, facts } = known(this.seen(world, person.relations));
    // Without the required input that decides, the person may try, and is asked for it.
    const isOpen = (name: string): boolean =>
      move.input[name] !== undefined && move.input[name].optional !== true && !isStated(input[name]);
    return this.rights(move.by).some(
      ({ roles, office, relation, when = {} }) =>
        (roles === undefined || roles.some((role) => person.roles.has(role))) &&
        (office === undefined || person.offices.has(office)) &&
        (relation === undefined || person.relations.has(relation)) &&
        Object.entries(when).every(
          ([name, words]) => isOpen(name) || words.includes(String({ ...fields, ...facts, ...input }[name])),
        ),
    );
  }

  /** Returns who may make a move. A relation demands roles or an office, unless the move names its own. */
  rights(by: readonly WhoFile[]): readonly WhoFile[] {
    return by.flatMap((who) => {
      const demanded = this.#file.relations[who.relation ?? '']?.who;
      if (demanded === undefined || who.roles !== undefined || who.office !== undefined) return [who];
      return demanded.map(({ roles, office, when }) => ({
        roles,
        office,
        relation: who.relation,
        when: { ...when, ...who.when },
      }));
    });
  }

  #leads(move: MoveFile, world: World, person: Actor, at: Date): boolean {
    if (world.history.length === 0) return this.#creates(move);
    const seen = this.seen(world, person.relations);
    const { fields, facts } = known(seen);
    const words = Object.entries(move.when ?? {});
    if (!words.every(([name, values]) => values.includes(String({ ...fields, ...facts }[name]))))
      return false;
    const { state } = this.shown(world, person.relations, at);
    const declared = this.#file.states[state];
    const counts = declared?.computed !== undefined && declared.final !== true ? lastOf(seen).state : state;
    const end = move.before === undefined ? null : this.#instant(move.before, seen);
    return this.leavesFrom(move).includes(counts) && (end === null || at < end);
  }

  /** Returns the states that a move leads out of. */
  leavesFrom({ from }: MoveFile): readonly string[] {
    if (from === 'none') return [];
    if (from !== 'any') return from;
    return Object.entries(this.#file.states).flatMap(([name, { final, computed }]) =>
      final === true || computed !== undefined ? [] : [name],
    );
  }

  /** A move without a state before creates. A record without such a move is created by the first move out of its draft. */
  #creates({ from }: MoveFile): boolean {
    if (from === 'none') return true;
    if (this.#file.subject !== 'record' || from === 'any') return false;
    if (Object.values(this.#file.moves).some((other) => other.from === 'none')) return false;
    return from.some((state) => this.#file.states[state]?.initial === true);
  }

  #faultOfTime(world: World, { now, happenedAt, late, actor }: Tried): readonly string[] | null {
    const lateBy = now.getTime() - happenedAt.getTime();
    if (lateBy < 0 || lateBy > day) return ['happenedAt'];
    if (lateBy <= 5 * minute) return null;
    if (late === null) return ['late'];
    if (late.reason.trim() === '') return ['late', 'reason'];
    if (late.channel.trim() === '') return ['late', 'channel'];
    const since = this.seen(world, actor.relations).history.at(-1)?.since;
    return since !== undefined && happenedAt < since ? ['happenedAt'] : null;
  }

  #after(move: MoveFile, { history, fields }: World, tried: Tried): World {
    const { input, happenedAt } = tried;
    const before = history.at(-1);
    const state = String(Array.isArray(move.to) ? input['to'] : (move.to ?? before?.state));
    const facts = { ...before?.facts, ...this.#factsOf(move, before?.facts ?? {}, tried, fields) };
    const place = { state, since: happenedAt, facts };
    if (before?.state !== state) return { history: [...history, place], fields };
    return { history: [...history.slice(0, -1), { ...before, facts }], fields };
  }

  #factsOf(move: MoveFile, old: Values, { input, happenedAt, actor }: Tried, fields: Values): Values {
    const facts: Record<string, unknown> = {};
    for (const [name, setting] of Object.entries(move.sets ?? {})) {
      if (typeof setting !== 'object' || setting === null) facts[name] = setting;
      else if (Array.isArray(setting) || 'set' in setting || 'add' in setting || 'remove' in setting) {
        const members = membersAfter(old[name], [setting].flat(), (whom) =>
          whom === 'mover'
            ? actor.organisation
            : isStated(input[whom])
              ? input[whom]
              : (old[whom] ?? fields[whom]),
        );
        const isList = this.#file.facts[name]?.type === 'organisations';
        facts[name] = isList ? [...members] : ([...members].at(0) ?? null);
      } else if ('at' in setting) facts[name] = happenedAt;
      else {
        const stated = { ...fields, ...old, ...input };
        const start = setting.of === undefined ? happenedAt : toDate(stated[setting.of]);
        const { clock } = setting;
        const named =
          typeof clock === 'string' ? clock : clock.clocks[String({ ...old, ...input }[clock.by])];
        const which = setting.reminder ? 'reminder' : setting.latest ? 'latest' : 'due';
        if (named !== undefined && start !== null) facts[name] = this.#endOf(named, start, which);
      }
    }
    for (const [name, value] of Object.entries(input))
      if (name in this.#file.facts && move.input[name]?.own !== true && isStated(value)) facts[name] = value;
    return facts;
  }

  #maskOn(
    { state, facts }: Place,
    relations: ReadonlySet<string>,
  ): WorkflowFile['masks'][number] | undefined {
    return this.#file.masks.find(
      ({ from, states, unless }) =>
        relations.has(from) && states.includes(state) && !(unless !== undefined && facts[unless] === true),
    );
  }

  #beginning(computed: NonNullable<WorkflowFile['states'][string]['computed']>, world: World): Date | null {
    const { at, before, since } = computed;
    const { since: start, facts } = lastOf(world);
    const { fields } = world;
    if (at === undefined && before === undefined && since === undefined) return start;
    const instants: (Date | null)[] = [];
    if (at !== undefined) instants.push(this.#instant(at, world));
    if (since !== undefined) instants.push(toDate(facts[since]));
    const end = before === undefined ? null : this.#instant(before.at, world)?.getTime();
    const first = before?.of === undefined ? start : toDate({ ...fields, ...facts }[before.of]);
    if (typeof end === 'number' && before?.quarters !== 1)
      instants.push(new Date(end - (before?.days ?? 0) * day));
    else if (typeof end === 'number' && first !== null)
      instants.push(new Date(end - (end - first.getTime()) / 4));
    return instants.reduce(
      (one, other) => (one === null || (other !== null && other < one) ? other : one),
      null,
    );
  }

  #instant(named: InstantFile, world: World): Date | null {
    const { fields, facts } = known(world);
    const fact = (name: string): Date | null => toDate(facts[name] ?? fields[name]);
    if (typeof named === 'string') return fact(named);
    const start = named.of === undefined ? lastOf(world).since : fact(named.of);
    return start === null ? null : this.#endOf(named.clock, start);
  }
}

/** Returns the members of a list after each change in turn. `find` returns the organisations that a name stands for. */
function membersAfter(
  old: unknown,
  changes: readonly Readonly<Record<string, string>>[],
  find: (name: string) => unknown,
): ReadonlySet<unknown> {
  const members = new Set([old].flat().filter(isName));
  for (const { set, add, remove } of changes) {
    if (set !== undefined) members.clear();
    for (const one of [find(set ?? add ?? remove ?? '')].flat().filter(isName))
      if (remove === undefined) members.add(one);
      else members.delete(one);
  }
  return members;
}

function isName(one: unknown): boolean {
  return typeof one === 'string';
}

function known({ history, fields }: World): { readonly fields: Values; readonly facts: Values } {
  return { fields, facts: history.at(-1)?.facts ?? {} };
}

function toDate(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}

function isSet(value: unknown): boolean {
  return isStated(value) && value !== false;
}

function isStated(value: unknown): boolean {
  return value !== undefined && value !== null;
}
