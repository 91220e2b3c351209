import { type Finding, findUnknown } from './faults.ts';
import { statesFrom, statesTo } from './check-states.ts';
import type { MembershipFile, MoveFile, ValueFile, WorkflowFile } from './language.ts';
import { opensThread, statesUnknown } from './opening.ts';

type Values = Readonly<Record<string, ValueFile>>;

/**
 * Returns a finding for each name of organisations or of a Member State that does not fit: in settings that change
 * organisations, in `opens` and `closes`, and in relations.
 */
export function checkOrganisations(workflow: WorkflowFile): readonly Finding[] {
  return [
    ...Object.entries(workflow.moves).flatMap(([name, move]) => [
      ...findInSets(`moves.${name}.sets`, move, workflow),
      ...findCloses(`moves.${name}.closes`, move),
      ...findOpens(`moves.${name}`, move, workflow),
      ...findKnownBefore(`moves.${name}.to`, move, workflow),
    ]),
    ...Object.keys(workflow.relations).flatMap((name) => [
      ...findStates(name, workflow),
      ...findCircles(name, workflow),
    ]),
  ];
}

function findInSets(
  place: string,
  { sets = {}, input }: MoveFile,
  { facts }: WorkflowFile,
): readonly Finding[] {
  return Object.entries(sets).flatMap(([name, value]) =>
    changesIn(value).flatMap((change) => {
      const type = facts[name]?.type;
      const isList = type === 'organisations';
      const named = Object.values(change).flatMap((one) =>
        findUnknown(
          `${place}.${name}`,
          [one],
          new Set(['mover', ...namesOf({ ...facts, ...input }, isList || !('set' in change))]),
          '`mover`, or a fact or an input that is an organisation',
        ),
      );
      if (isList || (type === 'organisation' && !('add' in change))) return named;
      return [
        ...named,
        {
          place: `${place}.${name}`,
          value: `${Object.keys(change).join()} of a fact of the type ${type ?? 'unknown'}`,
          remedy: 'give the fact the type `organisations`',
        },
      ];
    }),
  );
}

function changesIn(value: NonNullable<MoveFile['sets']>[string]): readonly MembershipFile[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return [];
  return 'set' in value || 'add' in value || 'remove' in value ? [value] : [];
}

function namesOf(values: Values, takesLists: boolean): readonly string[] {
  return Object.entries(values).flatMap(([name, { type }]) =>
    type === 'organisation' || (takesLists && type === 'organisations') ? [name] : [],
  );
}

function findCloses(place: string, { closes, input }: MoveFile): readonly Finding[] {
  if (closes === undefined) return [];
  const known = new Set(['mover', ...namesOf(input, false)]);
  return findUnknown(place, [closes], known, '`mover`, or an input that is an organisation');
}

/**
 * A move opens a record to organisations that it states. Only the first move can limit the readers of a new record, and
 * leave its addressees to the hub.
 */
function findOpens(
  place: string,
  { opens = [], from, input, ...move }: MoveFile,
  { subject, relations }: WorkflowFile,
): readonly Finding[] {
  const known = new Set([...namesOf(input, true), ...(Object.hasOwn(relations, subject) ? [subject] : [])]);
  const ofFirst = (['readers', 'addressees'] as const).filter((name) => move[name] !== undefined);
  const namesRecord =
    move.addressees === undefined || from !== 'none' || input['recordId']?.type === 'record';
  return [
    ...(namesRecord
      ? []
      : [
          {
            place: `${place}.addressees`,
            value: 'a move without the input `recordId` of the type `record`',
            remedy: 'add it: the hub finds the addressees by this record',
          },
        ]),
    ...findUnknown(
      `${place}.opens`,
      opens,
      known,
      'an input that is an organisation or several, or the subject',
    ),
    ...(from === 'none' ? [] : ofFirst).map((name) => ({
      place: `${place}.${name}`,
      value: 'a move that creates nothing',
      remedy: 'remove it',
    })),
  ];
}

/** A thread is unknown to its organisation until a move opens it. No later move may lead to a state of that time: it would hide it. */
function findKnownBefore(place: string, move: MoveFile, workflow: WorkflowFile): readonly Finding[] {
  const unknown = statesUnknown(workflow);
  const isKnownAlready = statesFrom(workflow, move).some((state) => !unknown.has(state));
  if (!isKnownAlready && !opensThread(workflow, move)) return [];
  if (opensThread(workflow, move) && move.to === undefined)
    return [
      {
        place,
        value: 'a move that opens the thread and keeps its state',
        remedy: 'add the state that it leads to',
      },
    ];
  return statesTo(move)
    .filter((state) => unknown.has(state))
    .map((state) => ({
      place,
      value: `${state}, in which the ${workflow.subject} does not know of the thread`,
      remedy: 'lead to a state that is reached only after the move that opens the thread',
    }));
}

function findStates(name: string, { relations, facts, fields, moves }: WorkflowFile): readonly Finding[] {
  const state = relations[name]?.state;
  if (state === undefined) return [];
  const values = [facts, fields, ...Object.values(moves).map(({ input }) => input)];
  const known = values.flatMap((some) =>
    Object.entries(some).flatMap(([one, { type }]) => (type === 'member-state' ? [one] : [])),
  );
  return findUnknown(
    `relations.${name}.state`,
    [state],
    new Set(known),
    'a fact, a field or an input of the type `member-state`',
  );
}

/** A relation that needs itself, directly or through others, would never hold. */
function findCircles(name: string, { relations }: WorkflowFile): readonly Finding[] {
  const seen = new Set<string>();
  for (let next = relations[name]?.with; next !== undefined && !seen.has(next); next = relations[next]?.with)
    seen.add(next);
  if (!seen.has(name)) return [];
  return [
    {
      place: `relations.${name}.with`,
      value: 'a relation that needs itself',
      remedy: 'name another relation',
    },
  ];
}
