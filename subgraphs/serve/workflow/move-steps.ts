import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { decide, lateEntry } from '../../../schema/workflow/engine/decide.ts';
import type { EndOfClock, Progress } from '../../../schema/workflow/engine/progress.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { type KindWorkflows, stateFieldOf } from '../../../schema/workflow/served.ts';
import { type ChangeParts, ChangeSteps, type Keyed } from '../changes/change-steps.ts';
import { Refused } from '../changes/refused.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { fieldsOfFacts, holdsAsStated, showsStates } from './graph-values.ts';
import type { Entered } from './move-input.ts';
import type { MovedIn, StoredMove } from './progress-store.ts';
import { refuseByGround } from './refusals.ts';

/** The most characters of the reason and of the channel of a late entry. */
const maxLate = 2000;

/** The dependencies of one request's moves. */
export type MoveParts = ChangeParts & {
  readonly workflows: ReadonlyMap<string, KindWorkflows>;
  readonly endOf: EndOfClock;
};

/** The steps that first and later moves share. */
export class MoveSteps extends ChangeSteps {
  protected readonly endOf: EndOfClock;
  readonly #workflows: ReadonlyMap<string, KindWorkflows>;

  constructor({ workflows, endOf, ...parts }: MoveParts) {
    super(parts);
    this.#workflows = workflows;
    this.endOf = endOf;
  }

  protected attempt(
    move: string,
    { happenedAt, late }: Entered,
  ): Pick<Attempt, 'move' | 'now' | 'happenedAt' | 'late'> {
    const { now } = this.parts.readerAccess;
    const at = happenedAt ?? now;
    const isLate = now.getTime() - at.getTime() > lateEntry.silentMs;
    if (isLate && [late?.reason ?? '', late?.channel ?? ''].some((text) => text.length > maxLate))
      throw new Refused('INVALID', ['late'], `expected ${maxLate} characters at most`);
    return { move, now, happenedAt: at, late: isLate ? (late ?? null) : null };
  }

  protected decided(of: Workflow, attempt: Attempt): Progress {
    const decided = decide(of, attempt, this.endOf);
    if ('progress' in decided) {
      refuseByGround(of.name, attempt, this.endOf);
      return decided.progress;
    }
    const { code, path, message } = decided.refused;
    throw new Refused(code, path, message);
  }

  protected entry(
    of: Workflow,
    record: string,
    organisation: string | null,
    attempt: Attempt,
    { key }: Keyed,
  ): Omit<StoredMove, 'from' | 'to' | 'isHidden'> {
    const { reader, now } = this.parts.readerAccess;
    const by = { organisation: reader.organisation, subject: reader.subject };
    const { move, happenedAt, late, input } = attempt;
    return {
      record,
      workflow: of.name,
      organisation,
      move,
      stage: 'made',
      by,
      happenedAt,
      recordedAt: now,
      late,
      input,
      key,
    };
  }

  /**
   * Returns the fields of the record that a move of the record changes: times that the workflow sets, values that the
   * person states, organisations and choices that it remembers, and the state if the field has all states of the workflow.
   */
  protected fieldsSetBy(
    kind: Kind,
    of: Workflow,
    { facts, state }: Progress,
    attempt: Pick<Attempt, 'move' | 'input'>,
  ): Content {
    const fields = this.fieldsOf(kind);
    const stated = of.moves[attempt.move]?.input ?? {};
    const plain = Object.entries(attempt.input).filter(([name]) => {
      const value = stated[name];
      return value !== undefined && value.own !== true && holdsAsStated(this.schema, kind.type, name, value);
    });
    const times = Object.entries(facts).filter(([, value]) => value instanceof Date);
    const named = Object.entries(fieldsOfFacts(this.schema, kind.type, of, facts));
    const changed = [...plain, ...times, ...named].filter(([name]) => fields.has(name));
    return {
      ...Object.fromEntries(changed),
      ...(showsStates(this.schema, kind.type, of) && { [stateFieldOf(of)]: enumValue(state) }),
    };
  }

  /** Returns where a move is made: its workflow, and the content of the record after it. */
  protected in(of: Workflow, kind: Kind, content: Content): MovedIn {
    return { of, kind, content, thread: this.of(kind.type).thread, endOf: this.endOf };
  }

  protected of(type: string): KindWorkflows {
    const of = this.#workflows.get(type);
    if (of === undefined) throw new Error(`expected a kind with a workflow, got ${type}`);
    return of;
  }
}
