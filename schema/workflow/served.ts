import type { Community } from '../record/vocabulary.ts';
import { expandRelations } from './language/expand.ts';
import type { MoveFile } from './language/language.ts';
import { readWorkflowTexts, type Workflow, workflowsOfTexts } from './language/load.ts';
import { opensThread } from './language/opening.ts';

/** The workflows that the subgraphs run, by their files. The others are declared only: no move of theirs can be made. */
const names: Partial<Record<Community, readonly string[]>> = {
  'joint-unit': [
    'hold',
    'information-request',
    'information-thread',
    'mobilisation',
    'capability',
    'agreement',
    'case',
    'level',
    'response-plan',
    'booking',
    'recall',
    'recall-recipient',
    'procedure-run',
    'procedure-step',
    'posture',
    'release-request',
    'release-answer',
    'notification-duty',
    'told-list',
  ],
  enisa: ['notification-file', 'notification-stage', 'cra-withholding'],
};

/**
 * Workflows of records of any kind, whose moves are changes of the record: `subgraphs/serve/changes` makes them, and no
 * engine runs them.
 */
export const byChanges: readonly string[] = ['grant', 'onward-share', 'emergency-release'];

/** Returns whether a subgraph runs the workflow of a file. */
export function isServed(name: string): boolean {
  return Object.values(names).some((served) => served.includes(name));
}

/** The workflows of one kind of record: of the record itself, and of its threads. */
export type KindWorkflows = {
  readonly type: string;
  readonly record: Workflow | null;
  readonly thread: Workflow | null;
};

/**
 * Returns the workflows that a community's subgraph runs, by the kind of record. Only their files are read, once in a
 * process: the others would cost each subgraph a second at its start.
 */
export function workflowsOf(community: Community): ReadonlyMap<string, KindWorkflows> {
  const known = read.get(community);
  if (known !== undefined) return known;
  const kinds = kindsOf(names[community] ?? []);
  read.set(community, kinds);
  return kinds;
}

const read = new Map<Community, ReadonlyMap<string, KindWorkflows>>();

function kindsOf(served: readonly string[]): ReadonlyMap<string, KindWorkflows> {
  if (served.length === 0) return new Map();
  const files = new Set([
    ...served.map((name) => `${name}.yaml`),
    'offices.yaml',
    'networks.yaml',
    'triggers.yaml',
  ]);
  const texts = Object.entries(readWorkflowTexts()).filter(([file]) => files.has(file));
  const all = workflowsOfTexts(Object.fromEntries(texts));
  const kinds = Map.groupBy(
    served.map((name) => servedIn(all, name)),
    ({ kind }) => kind,
  );
  return new Map(
    [...kinds].map(([type, of]) => {
      const record = of.find(({ subject }) => subject === 'record') ?? null;
      const thread = of.find(({ subject }) => subject !== 'record') ?? null;
      return [type, { type, record, thread }];
    }),
  );
}

/** Returns the move by which a person creates a record of the kind, with the workflow that has it. */
export function creatingMove({
  record,
  thread,
}: KindWorkflows): { readonly of: Workflow; readonly move: string } | null {
  for (const workflow of [record, thread]) {
    const moves = Object.entries(workflow?.moves ?? {});
    const found = moves.find(([, { from, by }]) => typeof by !== 'string' && isStart(workflow, from));
    if (workflow !== null && found !== undefined) return { of: workflow, move: found[0] };
  }
  return null;
}

/**
 * Returns whether the threads of a workflow are parts of the record, such as the stages of a file. Their names say which
 * part it is. Other threads belong to an organisation, which a relation names.
 */
export function isOfParts({ subject, relations }: Pick<Workflow, 'subject' | 'relations'>): boolean {
  return subject !== 'record' && !Object.hasOwn(relations, subject);
}

/** Returns whether the threads of a kind begin with the record, one for each addressee. */
export function hasAddressees(kind: KindWorkflows): boolean {
  return kind.thread !== null && openingMove(kind) === null && !isOfParts(kind.thread);
}

/**
 * Returns for whom the hub states that the threads of a new record are, by another record that it names: for the
 * organisations that received that one, by the audit log, or for its originator. Null if persons state the addressees.
 */
export function addressedByHub(kind: KindWorkflows): 'log' | 'originator' | null {
  const first = creatingMove(kind);
  return first?.of.moves[first.move]?.addressees ?? null;
}

/** Returns whether a later move opens a new record to each addressee, who knows nothing of it before. */
export function opensThreads({ thread }: KindWorkflows): boolean {
  return thread !== null && Object.values(thread.moves).some((move) => opensThread(thread, move));
}

/**
 * Returns the move by which a member of a record opens a thread for its organisation. Null for a kind whose threads begin
 * with the record, one for each addressee or part.
 */
export function openingMove({ record, thread }: KindWorkflows): string | null {
  if (record === null || thread === null || isOfParts(thread)) return null;
  return Object.entries(thread.moves).find(([, { from }]) => from === 'none')?.[0] ?? null;
}

/**
 * Returns whether each move in a thread states the version of the thread, for each mover. It is so where only one side sees
 * the state of the record: no move changes the record's version, which therefore shows no change.
 */
export function areVersionsOfThreads({ record }: KindWorkflows): boolean {
  return record?.shownTo !== undefined;
}

/** Returns the name of the field of a record that shows its stored state. */
export function stateFieldOf({ stateField }: Pick<Workflow, 'stateField'>): string {
  return stateField ?? 'state';
}

/** Returns the moves that persons make on what exists: all except the creating one, the clock's and the system's. */
export function laterMoves(kind: KindWorkflows): readonly { readonly of: Workflow; readonly move: string }[] {
  const first = creatingMove(kind);
  return [kind.record, kind.thread].flatMap((of) =>
    Object.entries(of?.moves ?? {}).flatMap(([move, { by }]) => {
      const isFirst = first?.of === of && first?.move === move;
      return of === null || isFirst || by === 'clock' || by === 'system' ? [] : [{ of, move }];
    }),
  );
}

/**
 * Returns the fields of a record's content that its workflows read or set: relations, facts, and what the first move
 * and the moves of the record state. A change by hand of one of them would bypass the moves.
 */
export function fieldsOfWorkflows(kind: KindWorkflows): ReadonlySet<string> {
  const first = creatingMove(kind);
  const of = [kind.record, kind.thread].filter((workflow) => workflow !== null);
  return new Set([
    'state',
    ...of.map(stateFieldOf),
    ...of.flatMap(({ relations }) => Object.values(relations).flatMap(({ field }) => field ?? [])),
    ...of.flatMap(({ facts, fields }) => [...Object.keys(facts), ...Object.keys(fields)]),
    ...Object.keys(first?.of.moves[first.move]?.input ?? {}),
    ...Object.values(kind.record?.moves ?? {}).flatMap(({ input }) => Object.keys(input)),
  ]);
}

/** Whether a workflow has moves that need a second person. */
export function hasProposals(of: Workflow | null): of is Workflow {
  return of !== null && Object.values(of.moves).some(({ secondPerson }) => secondPerson !== undefined);
}

/** Kinds whose records only moves change: no field of them is changed by hand. */
const byMovesOnly: ReadonlySet<string> = new Set([
  'Mobilisation',
  'Agreement',
  'Capability',
  'Recall',
  'ProcedureRun',
  'Posture',
  'ReleaseRequest',
  'NotificationDuty',
]);

/** Fields that state an act of a later move. A draft cannot have them. */
const actsOfLaterMoves: Readonly<Record<string, readonly string[]>> = {
  Mobilisation: ['decision', 'team', 'summaryReport', 'networksInformedAt', 'endedAt', 'hostConsent'],
  Agreement: ['priorApproval', 'signatures', 'suspension'],
  Capability: ['verifiedBy', 'verifiedAt'],
  ResponsePlan: ['approvedBy', 'lastExercised', 'reportedToCommissionAndCyCLONeAt'],
  NotificationFile: ['stages', 'csirtReply', 'publicInformed', 'reclassifiedFrom', 'reclassifiedAs'],
  CraNotification: ['dissemination', 'delayGrounds'],
  JointCaseRecord: ['splitFrom', 'splitInto', 'linkedRecords', 'mergeProposed', 'mergedInto', 'mergedFrom'],
  // The hub knows whether the mover asserts the record, and who received it: no recall is written by hand.
  Recall: ['recordId', 'recipients'],
  // The first move copies the steps from the procedure: no run is written by hand.
  ProcedureRun: ['procedure', 'plan', 'steps'],
  // The move checks who may record for a network: no posture is written by hand.
  Posture: ['network'],
  // The hub knows the originator of the record: no request is written by hand.
  ReleaseRequest: ['recordId', 'needsSecondPerson'],
  // The move checks who opens a duty for a trigger: no duty is written by hand.
  NotificationDuty: ['trigger'],
};

/** Fields that the first move states, and that a person may correct by hand: no move and no clock depends on them. */
const correctedByHand: Readonly<Record<string, readonly string[]>> = {
  NotificationFile: ['entityPseudonym', 'entityName', 'entityClass', 'sector'],
};

/** Returns whether only moves change the records of a kind. */
export function isByMovesOnly(type: string): boolean {
  return byMovesOnly.has(type);
}

/** Returns whether a change by hand of a field would bypass the moves of its kind. */
export function isChangedByMoves(kind: KindWorkflows, field: string): boolean {
  if (byMovesOnly.has(kind.type) || fieldsOfLaterMoves(kind.type).includes(field)) return true;
  return fieldsOfWorkflows(kind).has(field) && correctedByHand[kind.type]?.includes(field) !== true;
}

/** Returns the fields of a kind that state an act of a later move, such as a decision or a signature. */
export function fieldsOfLaterMoves(type: string): readonly string[] {
  return actsOfLaterMoves[type] ?? [];
}

/** Returns the states in which the content of a record is edited by hand; null if no state freezes it. */
export function editedIn({ record }: KindWorkflows): readonly string[] | null {
  return record?.editedIn ?? null;
}

/** Returns the name of the mutation of a move, such as `agreeDeconflictionHold`. */
export function mutationOf(type: string, move: string): string {
  return `${move}${type}`;
}

function isStart(of: Workflow | null, from: MoveFile['from']): boolean {
  if (from === 'none') return true;
  const starts = from !== 'any' && from.some((state) => of?.states[state]?.initial === true);
  return starts && of?.subject === 'record';
}

function servedIn(all: ReadonlyMap<string, Workflow>, name: string): Workflow {
  const workflow = all.get(name);
  if (workflow === undefined) throw new Error(`expected schema/workflow/${name}.yaml`);
  const second = Object.entries(workflow.moves).find(([, { secondPerson }]) => secondPerson !== undefined);
  if (second !== undefined && workflow.subject !== 'record')
    throw new Error(`${name}.yaml: ${second[0]} needs a second person, which no thread asks for yet`);
  const written = expandRelations(workflow);
  return { ...written, moves: mapValues(written.moves, withoutUnchecked) };
}

/** The conditions in words that the person who makes the move judges, or that `refusals.ts` checks. */
const judged: ReadonlySet<string> = new Set([
  'The ground for the hold is gone.',
  'The person declares for its own organisation only.',
  'The substance does not change.',
  'The substance changes.',
  'An exercise verified it.',
  'Each party submits for itself.',
  'Each party suspends for itself.',
  'The agreement is breached or a partner is compromised.',
  'The signatory signs for its own party only.',
  'The other party confirms.',
  'The person has the role for which the organisation is invited.',
  'The provider agrees.',
  'The user agrees.',
  'Reserve of a third country: also the Commission and the High Representative, with the authorisation of the Council (to be confirmed).',
  'An answer from records of another originator needs a release by that originator (release-request.yaml).',
  'If the CSIRT was not the first recipient, it replies together with the authority.',
  'The CSIRT or the authority asks for it.',
  'The entity was consulted.',
  'The new file replaces this one in part.',
  'The new file replaces this one wholly.',
  'For personal data, also when the data protection officer demands it.',
]);

/** Leaves out readers who may make a move only under a condition in words that neither code nor the person decides. */
function withoutUnchecked(move: MoveFile): MoveFile {
  if (typeof move.by === 'string') return move;
  return { ...move, by: move.by.filter(({ if: words }) => words === undefined || judged.has(words)) };
}

function mapValues<Value>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
