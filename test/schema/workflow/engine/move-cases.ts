import type { Actor, Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { Known } from '../../../../schema/workflow/engine/progress.ts';
import type { MoveFile, WhoFile } from '../../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import { allRoles, type Declared, endOf } from './declared.ts';
import { first, inputFor, type Words } from './inputs.ts';
import { PlainModel } from './plain-model.ts';
import type { World } from './plain-world.ts';

/** A move that is tried, with a sentence that says in which situation. */
export type Case = { readonly title: string; readonly attempt: Attempt };
/** A case, and the state that it must lead to. */
export type LeadCase = Case & { readonly to: string };
/** A case, and the message and path of its refusal. */
export type RefusedCase = Case & { readonly message?: string; readonly path?: readonly string[] };

const now = new Date('2026-03-04T12:00:00Z');
const hour = 3_600_000;
const later = (hours: number): Date => new Date(now.getTime() + hours * hour);

/** Every move of one workflow that persons make, tried once in each situation that its declaration distinguishes. */
export class MoveCases {
  readonly #file: Workflow;
  readonly #model: PlainModel;

  constructor({ file }: Declared) {
    this.#file = file;
    this.#model = new PlainModel(file, endOf);
  }

  /** The moves that persons make. */
  get personal(): readonly string[] {
    return Object.keys(this.#file.moves).filter((name) => typeof this.#move(name).by !== 'string');
  }

  /** Each move by each person who may, from each state that it leaves, to each state that it leads to. */
  leads(): readonly LeadCase[] {
    return this.personal.flatMap((move) =>
      this.#rights(move).flatMap((who) =>
        this.#starts(move).flatMap((from) =>
          this.#targets(move, from).map((to) => {
            const attempt = this.#attempt(move, who, from);
            const input = Array.isArray(this.#move(move).to) ? { ...attempt.input, to } : attempt.input;
            return { title: titleOf(move, who, from), attempt: { ...attempt, input }, to };
          }),
        ),
      ),
    );
  }

  /** Each move by each role with each relation alone, with all and with none, if no `by` entry names them together. */
  strangers(): readonly RefusedCase[] {
    const relations = Object.keys(this.#file.relations);
    const held = [[], relations, ...relations.map((one) => [one])];
    const offices = [[], this.#offices()];
    return this.personal.flatMap((move) => {
      const [who] = this.#rights(move);
      const [from = null] = this.#starts(move);
      if (who === undefined) return [];
      const attempt = this.#attempt(move, who, from);
      const roles = [[], ...allRoles.map((role) => [role])];
      return roles.flatMap((role) =>
        held.flatMap((relation) =>
          offices.flatMap((office) => {
            const actor = actorOf(role, office, relation);
            if (this.#rights(move).some((one) => names(one, actor) && this.#holds(one, attempt))) return [];
            return [{ title: `${move} by ${describe(actor)}`, attempt: { ...attempt, actor } }];
          }),
        ),
      );
    });
  }

  /** Each move by a person who may, from each state that it does not leave, and before anything exists. */
  wrongStates(): readonly RefusedCase[] {
    return this.personal.flatMap((move) =>
      this.#rights(move)
        .slice(0, 1)
        .flatMap((who) =>
          this.#otherStates(move).flatMap((from) => {
            const attempt = this.#attempt(move, who, from);
            // Before anything exists, no fact meets the condition of a person: the move is not allowed.
            if (!this.#holds(who, attempt)) return [];
            return [{ title: titleOf(move, who, from), attempt, message: this.#messageOf(attempt) }];
          }),
        ),
    );
  }

  /** Each move without one of the inputs that it needs. */
  missingInputs(): readonly RefusedCase[] {
    return this.personal.flatMap((move) => {
      const [who] = this.#rights(move);
      const [from = null] = this.#starts(move);
      if (who === undefined) return [];
      const { input, ...attempt } = this.#attempt(move, who, from);
      const needed = Object.keys(input).filter((name) => this.#move(move).input[name]?.optional !== true);
      return needed.flatMap((name) =>
        [undefined, null].map((value) => ({
          title: `${move} with ${name} as ${value}`,
          attempt: { ...attempt, input: { ...input, [name]: value } },
          path: [name],
        })),
      );
    });
  }

  /** Each move of the system and the clock, by each role with all relations and offices, from each state. */
  automatic(): readonly RefusedCase[] {
    const moves = Object.keys(this.#file.moves).filter((name) => !this.personal.includes(name));
    return moves.flatMap((move) =>
      [null, ...Object.keys(this.#file.states)].flatMap((from) =>
        allRoles.map((role) => {
          const actor = actorOf([role], this.#offices(), Object.keys(this.#file.relations));
          return {
            title: `${move} by ${role} from ${from}`,
            attempt: this.#attemptBy(move, actor, from, {}),
          };
        }),
      ),
    );
  }

  #move(name: string): MoveFile {
    return this.#model.move(name);
  }

  #rights(move: string): readonly WhoFile[] {
    const { by, when } = this.#move(move);
    if (typeof by === 'string') return [];
    return this.#model.rights(by).filter((who) => canHold(intersect(when, who.when)));
  }

  /** The states that a move leaves. Null if it creates. */
  #starts(move: string): readonly (string | null)[] {
    const from = this.#model.leavesFrom(this.#move(move));
    return from.length === 0 ? [null] : from;
  }

  #otherStates(move: string): readonly (string | null)[] {
    const leaves = this.#model.leavesFrom(this.#move(move));
    const others = Object.entries(this.#file.states).flatMap(([name, { computed, final }]) =>
      leaves.includes(name) || (computed !== undefined && final !== true) ? [] : [name],
    );
    const isCreating = leaves.length === 0 || this.#beginsWith(move);
    return isCreating ? others : [null, ...others];
  }

  /** A record without a creating move is created by the first move out of its draft. */
  #beginsWith(move: string): boolean {
    const { subject, states, moves } = this.#file;
    if (subject !== 'record' || Object.values(moves).some(({ from }) => from === 'none')) return false;
    return this.#model.leavesFrom(this.#move(move)).some((state) => states[state]?.initial === true);
  }

  #targets(move: string, from: string | null): readonly string[] {
    const { to } = this.#move(move);
    if (typeof to === 'string') return [to];
    return to ?? [this.#storedOf(from) ?? ''];
  }

  /** A computed state is reached from a stored one. */
  #storedOf(state: string | null): string | null {
    return state === null ? null : (this.#file.states[state]?.computed?.from[0] ?? state);
  }

  #attempt(move: string, who: WhoFile, from: string | null): Attempt {
    const { roles = [], office, relation } = who;
    const actor = actorOf(roles.slice(0, 1), asList(office), asList(relation));
    return this.#attemptBy(move, actor, from, who.when);
  }

  #attemptBy(move: string, actor: Actor, from: string | null, words: Words = {}): Attempt {
    const { when, input: taken } = this.#move(move);
    // A condition on an input is met by the input, any other by a fact or a field.
    const others = Object.entries(words).filter(([name]) => !(name in taken));
    const facts = intersect(when, Object.fromEntries(others));
    const { progress, fields } = this.#knownIn(from ?? '', facts);
    const known = from === null ? null : { progress, fields };
    const values = { ...fields, ...known?.progress.facts };
    const input = inputFor(this.#move(move), { known: values, now, pick: first, words });
    return { move, known, fields, actor, input, now, happenedAt: now, late: null };
  }

  /** A record or thread in a state. Every instant is later, except the one from which a computed state applies. */
  #knownIn(shown: string, words: Words): Known {
    const { facts, fields, states } = this.#file;
    const at = states[shown]?.computed?.at;
    const given = (declared: Workflow['facts']): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(declared).flatMap(([name, { type }]): [string, unknown][] => {
          if (type === 'instant') return [[name, name === at ? later(-1) : later(240)]];
          return words[name] === undefined ? [] : [[name, words[name][0]]];
        }),
      );
    const since = at === undefined ? later(-1) : later(-720);
    const state = this.#storedOf(shown) ?? shown;
    const initial = Object.keys(states).find((name) => states[name]?.initial === true) ?? state;
    const former =
      state === initial ? null : { state: initial, since: later(-800), facts: given(facts), former: null };
    return { progress: { state, since, facts: given(facts), former }, fields: given(fields) };
  }

  #messageOf({ known, fields, actor }: Attempt): string {
    const world = worldOf(known, fields);
    const can = this.#model.possible(world, actor, now);
    const state =
      known === null
        ? 'it does not exist yet'
        : `its state is ${this.#model.shown(world, actor.relations, now).state}`;
    const next = can.length === 0 ? 'you can make no move' : `you can make ${can.join(', ')}`;
    return `${state}: from here ${next}`;
  }

  #holds({ when = {} }: WhoFile, { known, fields, input }: Attempt): boolean {
    const values: Readonly<Record<string, unknown>> = { ...fields, ...known?.progress.facts, ...input };
    return Object.entries(when).every(([name, words]) => words.includes(String(values[name])));
  }

  #offices(): readonly string[] {
    return this.personal.flatMap((move) => this.#rights(move).flatMap(({ office }) => asList(office)));
  }
}

function worldOf(known: Known | null, fields: Known['fields'] = {}): World {
  if (known === null) return { history: [], fields };
  const { former, ...place } = known.progress;
  return { history: former === null ? [place] : [former, place], fields: known.fields };
}

function names({ roles, office, relation }: WhoFile, actor: Actor): boolean {
  const hasRole = roles === undefined || roles.some((role) => actor.roles.has(role));
  const hasOffice = office === undefined || actor.offices.has(office);
  return hasRole && hasOffice && (relation === undefined || actor.relations.has(relation));
}

function actorOf(roles: readonly string[], offices: readonly string[], relations: readonly string[]): Actor {
  return {
    organisation: 'one 0',
    roles: new Set(roles),
    offices: new Set(offices),
    relations: new Set(relations),
  };
}

function intersect(one: Words = {}, other: Words = {}): Words {
  const both = Object.entries(other).map(([name, words]) => [
    name,
    words.filter((word) => one[name]?.includes(word) ?? true),
  ]);
  return { ...one, ...Object.fromEntries(both) };
}

function canHold(words: Words): boolean {
  return Object.values(words).every((one) => one.length > 0);
}

function asList(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [name];
}

function titleOf(move: string, who: WhoFile, from: string | null): string {
  return `${move} by ${JSON.stringify(who)} from ${from ?? 'nothing'}`;
}

function describe({ roles, offices, relations }: Actor): string {
  return [...roles, ...offices, ...relations].join(', ') || 'somebody';
}
