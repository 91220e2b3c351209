import type { ClientSession } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { organisationKey } from '../../../schema/record/keys.ts';
import { purposes } from '../../../schema/record/vocabulary.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { organisationsIn } from '../../../schema/workflow/engine/condition.ts';
import type { Progress } from '../../../schema/workflow/engine/progress.ts';
import { initialState } from '../../../schema/workflow/language/check-states.ts';
import type { MoveFile } from '../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import {
  addressedByHub,
  creatingMove,
  fieldsOfLaterMoves,
  hasAddressees,
  opensThreads,
} from '../../../schema/workflow/served.ts';
import { checkContent } from '../changes/check-content.ts';
import { newEnvelope, sortedAt } from '../changes/envelopes.ts';
import type { Finder } from '../changes/find-record.ts';
import { mayNotCreate } from '../changes/not-allowed.ts';
import type { Reading } from '../changes/reading.ts';
import { Refused } from '../changes/refused.ts';
import type { Made, Outcome } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import type { TakenContent } from '../record/take-content.ts';
import { noAudience } from '../record/marking.ts';
import { fromGraph } from './graph-values.ts';
import { addresseesOf, type CreatingInput, fieldsNamed, valuesIn } from './move-input.ts';
import { type MoveParts, MoveSteps } from './move-steps.ts';
import { refuseFirst } from './first-grounds.ts';
import { followOnOthers } from './follow-on-others.ts';
import { writeMove } from './progress-store.ts';
import { DiscreetRequests } from './kinds/discreet-requests.ts';
import { receiversOf } from './kinds/recall-grounds.ts';
import { originatorOf } from './kinds/release-grounds.ts';
import { actorOn } from './relations.ts';
import { RunStarts } from './kinds/run-start.ts';

/** The move that creates a record, with the workflow that has it. */
type First = { readonly of: Workflow; readonly move: string };

/** The moves that create records. A record is written with the first move of its workflow, and a thread for each addressee. */
export class FirstMoves extends MoveSteps {
  readonly #runs: RunStarts;
  readonly #discreet: DiscreetRequests;

  constructor(parts: MoveParts) {
    super(parts);
    this.#runs = new RunStarts(parts);
    this.#discreet = new DiscreetRequests(parts);
  }

  /** Creates a record by the first move of its workflow. */
  async create(type: string, input: CreatingInput): Promise<Outcome> {
    const kind = this.kind(type);
    const first = creatingMove(this.of(type));
    if (first === null) throw new Error(`expected a kind that a move creates, got ${type}`);
    return await this.once(
      input,
      `${type}.${first.move}`,
      async (find, session) => await this.#created(kind, first, input, { find, session }),
    );
  }

  async #created(
    kind: Kind,
    first: First,
    input: CreatingInput,
    { find, session: reads }: { readonly find: Finder; readonly session: ClientSession },
  ): Promise<Made> {
    const { of, move } = first;
    const own = this.parts.readerAccess.reader.organisation;
    const hasThreads = hasAddressees(this.of(kind.type));
    const addressees = hasThreads ? this.#addressees(kind, input, own) : [];
    const { content: taken, sortAt } = await this.#contentOf(kind, first, input, addressees);
    const copied = of.name === 'procedure-run' ? await this.#runs.copied(taken, find, reads) : null;
    const given = { ...taken, ...copied?.content };
    const attempt = this.#firstAttempt(first, input, given, addressees);
    await refuseFirst({ ...this.parts, regimes: this.regimes, find }, of.name, attempt);
    const decided = this.decided(of, attempt);
    // Addressees to whom a later move opens the record do not read it yet.
    const areMembers = hasThreads && !opensThreads(this.of(kind.type));
    const members = areMembers ? addressees : membersOf(of, { ...given, ...attempt.input, ...decided.facts });
    const beforeEffects = { ...given, ...this.fieldsSetBy(kind, of, decided, attempt) };
    const plain = newEnvelope(this.parts, kind, beforeEffects, this.#readingBy(kind, first, input, members));
    copied?.refuseReaders(plain);
    const record = { envelope: plain, content: beforeEffects };
    const effects = this.effects(kind, of, { attempt, progress: decided, record, parts: [] });
    const progress = { ...decided, facts: { ...decided.facts, ...effects.facts } };
    const content = { ...beforeEffects, ...effects.fields };
    checkContent(this.schema, kind, content);
    const envelope = this.opened(kind, of, { envelope: plain, attempt, effects, content });
    const access = { action: 'move', kind: kind.type, group: 'content' } as const;
    if (!this.mayOn('move', kind, envelope)) throw mayNotCreate(this.parts, access, envelope, []);
    const id = `${kind.type}:${randomUUID()}`;
    const starts = this.#startsOf(kind.type, of, progress, addressees);
    const passed = this.#discreet.passed(kind, { id, content, attempt, progress, input });
    // The record has its content: the history keeps only what is stated in addition.
    const stated = { ...attempt, input: fromGraph(of, move, valuesIn(input)) };
    const { store } = this.parts;
    const also = async (session: ClientSession): Promise<void> => {
      for (const { workflow, organisation, start } of starts) {
        const entry = this.entry(workflow, id, { organisation }, stated, input);
        const made = { ...entry, from: null, to: start.state, isHidden: false };
        const readers = envelope.audience.organisations;
        const at = { ...this.in(workflow, kind, content), readers };
        await writeMove(store, at, made, { progress: start }, null, session);
      }
      const entry = { ...this.entry(of, id, { organisation: null }, stated, input), input: {} };
      await this.writeParts(kind, content, entry, effects.parts ?? [], session);
      const created = { ...entry, from: null, to: progress.state, isHidden: false };
      const { exercise } = envelope;
      const at = { ...this.in(of, kind, content), record: this.of(kind.type).record, exercise };
      await followOnOthers(store, at, created, session);
      await passed?.also(session);
    };
    const others = passed?.others ?? [];
    const made = { kind, before: null, id, envelope, content, keeps: () => false, also, others };
    return { ...made, sortAt: sortedAt(kind, envelope, sortAt), ...this.named(kind, envelope, content) };
  }

  /** Returns the registry ids of the addressees: those that the hub states for the kind, or those of the input. */
  #addressees({ type }: Kind, { addressees = [], content }: CreatingInput, own: string): readonly string[] {
    const by = addressedByHub(this.of(type));
    if (by === 'originator') return originatorOf(content, this.addressed, own);
    return addresseesOf(by === 'log' ? receiversOf(content, this.addressed) : addressees, own);
  }

  #firstAttempt(
    { of, move }: First,
    input: CreatingInput,
    content: Content,
    addressees: readonly string[],
  ): Attempt {
    const named = Object.hasOwn(of.moves[move]?.input ?? {}, 'addressees') && { addressees };
    const values = fromGraph(of, move, { ...fieldsNamed(of, move, content), ...valuesIn(input), ...named });
    const own = this.parts.readerAccess.reader.organisation;
    // A fact that names the opener is not in the content.
    const openers = openersOf(of, of.moves[move]?.by).map((field) => [field, content[field] ?? own]);
    const opened = { ...content, ...Object.fromEntries(openers) };
    const actor = actorOn(of, this.parts.readerAccess, { ...opened, ...values }, null);
    return { ...this.attempt(move, input), known: null, fields: content, actor, input: values };
  }

  /** Returns where the record and each of its threads begin. */
  #startsOf(type: string, of: Workflow, progress: Progress, addressees: readonly string[]) {
    const { record, thread } = this.of(type);
    const start = thread === of || thread === null ? progress : startOf(thread, progress.since);
    return [
      ...(record === null ? [] : [{ workflow: record, organisation: null, start: progress }]),
      ...(thread === null ? [] : addressees.map((one) => ({ workflow: thread, organisation: one, start }))),
    ];
  }

  /** Takes content, with the reader's organisation and the addressees in the fields that name them. */
  async #contentOf(
    kind: Kind,
    { of, move }: First,
    input: CreatingInput,
    addressees: readonly string[],
  ): Promise<TakenContent> {
    const { reader } = this.parts.readerAccess;
    const { thread } = this.of(kind.type);
    const named = thread?.relations[thread.subject]?.field;
    // A list of members is stated: the declaration then permits the move only to one of them.
    const byMove = openersOf(of, of.moves[move]?.by)
      .filter((field) => !Array.isArray(input.content[field]) && this.fieldsOf(kind).has(field))
      .map((field) => [field, reader.organisation]);
    refuseLater(of, move, input.content, new Set(byMove.map(([field]) => field)));
    const given = {
      ...input.content,
      ...Object.fromEntries(byMove),
      ...(named !== undefined && { [named]: addressees }),
    };
    return await this.take(kind, { ...given, ...firstState[kind.type] });
  }

  /** Returns the reading of a new record. Every member must be able to read it, and only the opener the own fields. */
  #readingBy(kind: Kind, { of, move }: First, input: CreatingInput, members: readonly string[]): Reading {
    const { organisation } = this.parts.readerAccess.reader;
    const all = [...new Set([organisation, ...members])];
    const named = { organisations: all.flatMap((one) => organisationKey(one) ?? []) };
    // The hub states the originator of a record that may itself be AMBER+STRICT.
    const isStrict = addressedByHub(this.of(kind.type)) === 'originator';
    const given = input.reading ?? {
      marking: { tlp: isStrict ? ('AMBER_STRICT' as const) : ('AMBER' as const) },
      audience: { reach: 'NAMED' as const, ...named },
    };
    const reading = this.readingOf(kind, given);
    if (of.moves[move]?.readers !== undefined) refuseOthers(reading, all);
    if (opensThreads(this.of(kind.type))) refuseHeld(reading);
    const missing = all.find((one) => !reading.audience.organisations.includes(one));
    if (missing !== undefined)
      throw new Refused(
        'INVALID',
        ['reading', 'audience', 'organisations'],
        `expected ${missing} among the recipients, because it takes part`,
      );
    const own = Object.entries(of.moves[move]?.input ?? {}).filter(
      ([name, value]) => value.own === true && this.fieldsOf(kind).has(name),
    );
    // A wider colour would open the own fields to a whole community, whatever their audience is.
    const marking = { ...reading.marking, tlp: 'AMBER_STRICT' as const };
    const audience = { ...noAudience, reach: 'NAMED' as const, organisations: [organisation] };
    return {
      ...reading,
      portions: [...reading.portions, ...own.map(([path]) => ({ path, marking, audience }))],
    };
  }
}

/** Returns the fields that name the organisation which makes a move: those of the relations that may make it. */
function openersOf({ relations }: Workflow, by: MoveFile['by'] = 'system'): readonly string[] {
  if (typeof by === 'string') return [];
  return by.flatMap(({ relation = '' }) => relations[relation]?.field ?? []);
}

/** Throws Refused for a field of the content that names members or is a fact, and that only a later move sets. */
function refuseLater(
  { kind: type, relations, moves, facts }: Workflow,
  move: string,
  content: Content,
  own: ReadonlySet<string | undefined>,
): void {
  const stated = moves[move]?.input ?? {};
  const members = Object.values(relations).flatMap(({ field }) => field ?? []);
  for (const field of [...members, ...Object.keys(facts), ...fieldsOfLaterMoves(type)]) {
    if (own.has(field) || Object.hasOwn(stated, field)) continue;
    if ((content[field] ?? null) !== null)
      throw new Refused(
        'NOT_ALLOWED',
        ['content', field],
        'only a later move of its workflow sets this field',
      );
  }
}

/** Throws Refused for readers of a new record that only its members may read. */
function refuseOthers({ marking, audience }: Reading, members: readonly string[]): void {
  const { reach, organisations, sharingGroups, persons, agreements } = audience;
  const isWide = reach !== 'NAMED' || [...sharingGroups, ...persons, ...agreements].length > 0;
  const hasColour = marking.tlp === 'AMBER' || marking.tlp === 'AMBER_STRICT';
  if (!isWide && hasColour && organisations.every((one) => members.includes(one))) return;
  throw new Refused(
    'INVALID',
    ['reading'],
    `expected AMBER or stricter, and no other readers than ${members.join(' and ')}: a later move names further ones`,
  );
}

/** Throws Refused for a marking that a later move, which opens the record to an organisation, would not open with it. */
function refuseHeld({ marking, purposes: named, embargoUntil, portions }: Reading): void {
  const { pap, handlingCodes, extraRestrictions, distribution } = marking;
  const isHeld =
    portions.length > 0 ||
    named.length < purposes.length ||
    embargoUntil !== null ||
    handlingCodes.some((code) => code !== 'H0') ||
    extraRestrictions.length > 0 ||
    distribution !== 'NONE' ||
    (pap !== 'CLEAR' && pap !== 'GREEN');
  if (!isHeld) return;
  throw new Refused(
    'INVALID',
    ['reading'],
    'expected all purposes, PAP GREEN or CLEAR, and no portion, embargo, handling code, restriction or distribution limit: ' +
      'otherwise an organisation would count as notified that can read nothing',
  );
}

/** Returns the organisations that the relations of a record name. */
function membersOf({ relations }: Workflow, values: Content): readonly string[] {
  const named = Object.values(relations).flatMap(({ field }) =>
    field === undefined ? [] : organisationsIn(values[field]),
  );
  return [...new Set(named)];
}

function startOf(workflow: Workflow, since: Date): Progress {
  return { state: initialState(workflow), since, facts: {}, former: null };
}

/** The deprecated field `state` of a new record. The states of its threads and of its progress count. */
const firstState: Readonly<Record<string, Content>> = {
  DeconflictionHold: { state: 'ASKED' },
  InformationRequest: { state: 'SENT' },
};
