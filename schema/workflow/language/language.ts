import { z } from 'zod';
import { condition, instant, memberName, sentence, slug, some, typeName, value } from './shapes.ts';

/**
 * The shapes of the workflows' YAML files. Vocabularies are closed: an unknown word, an unknown member and an empty list
 * are rejected. `npm run compose` generates the JSON Schemas from these shapes, for editors.
 */

const state = z.strictObject({
  is: sentence.describe('The meaning of the state, as a sentence.'),
  initial: z.literal(true).optional(),
  final: z.literal(true).optional().describe('No move leads out of it, except those that name it.'),
  computed: z
    .strictObject({
      from: some(slug).describe('The stored states that it replaces for readers.'),
      at: instant.describe('From this instant on.').optional(),
      before: z
        .strictObject({
          at: instant,
          quarters: z.literal(1).optional(),
          of: memberName.optional().describe('The fact with which the period of the quarters begins.'),
          days: z.int().min(1).optional(),
        })
        .optional()
        .describe(
          'From the last quarter of the period, or this number of days, before the instant. The period begins with the fact `of`, or with the last change of state.',
        ),
      since: memberName.optional().describe('From the time on at which this fact is set.'),
      until: memberName.optional().describe('Until this fact is set.'),
      obliges: slug
        .optional()
        .describe(
          'The relation that is obliged to make a move before. By default, those that can make a move only before it.',
        ),
    })
    .optional()
    .describe(
      'The state depends on the clock: it is computed when it is read, and never stored. With several of `at`, `before` and `since`, the earliest counts. If several computed states apply, the last in the file is shown.',
    ),
});

const who = z.strictObject({
  roles: some(slug).describe('Roles of the registry (schema/policy/domain.yaml).').optional(),
  office: slug.optional().describe('An office of offices.yaml that the person must hold.'),
  relation: slug.optional().describe('The relation to the record that the organisation must have.'),
  recorders: z
    .enum(['networks', 'triggers'])
    .optional()
    .describe(
      '`networks`: the persons who can record the posture of the network that the input `network` names, by networks.yaml. `triggers`: the persons who can open the duty for the input `trigger`, by triggers.yaml, which gives its clock too.',
    ),
  when: condition.optional(),
  if: sentence
    .optional()
    .describe('A further condition, in words, that the move itself states or that its body checks.'),
});

const input = value.extend({
  optional: z.literal(true).optional(),
  when: condition.optional().describe('The input is stated only under this condition.'),
  own: z
    .literal(true)
    .optional()
    .describe("For the file of the mover's organisation only. No other reader sees it, and it sets no fact."),
  notAfter: memberName
    .optional()
    .describe('The instant must not be after this fact. `move` is the time at which the move happened.'),
  after: memberName
    .optional()
    .describe('The instant must be after this fact. `move` is the time at which the move happened.'),
});

const named = memberName.describe(
  '`mover` for the organisation that makes the move, or an input or a fact that names organisations.',
);

const membership = z.union([
  z.strictObject({ set: named }).describe('The fact names these organisations and no other.'),
  z.strictObject({ add: named }).describe('The list has these organisations too, each once.'),
  z.strictObject({ remove: named }).describe('The fact no longer names these organisations.'),
]);

const setting = z.union([
  z.boolean(),
  z.string(),
  z.null(),
  z.strictObject({ at: z.literal('move') }).describe('The instant at which the move happened.'),
  z
    .strictObject({
      clock: z
        .union([slug, z.strictObject({ by: memberName, clocks: z.record(slug, slug) })])
        .describe('A clock, or a clock for each value of a choice. A value without a clock sets nothing.'),
      of: memberName
        .optional()
        .describe(
          'The instant from which the period is counted: a fact, a field or an input. By default the move.',
        ),
      latest: z.literal(true).optional().describe('The latest end, from which on the deadline is missed.'),
      reminder: z
        .literal(true)
        .optional()
        .describe('The instant of the reminder of a clock without an end. A clock with an end sets nothing.'),
    })
    .describe('The end of a period, counted from the move or from another instant.'),
  membership,
  some(membership).describe(
    'Several changes of the organisations, in their order. Names mean the values before the move.',
  ),
]);

const move = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z]{2,10}\.[a-z][A-Za-z]{1,39}$/)
    .describe(
      'The name of the move in the log, such as rfi.send. Two moves may share it: one act of two persons.',
    ),
  from: z
    .union([z.literal('none'), z.literal('any'), some(slug)])
    .describe(
      'The states that it leads out of. `none` creates; `any` is every stored state that is not final.',
    ),
  to: z
    .union([slug, some(slug)])
    .optional()
    .describe(
      'The state that it leads to. Without it, the state stays. With several, the person states which.',
    ),
  reopens: z.literal(true).optional().describe('The move leads out of a final state on purpose.'),
  nature: z
    .enum(['act', 'record'])
    .default('act')
    .describe('`act`: decided here. `record`: decided elsewhere, and entered here with its reference.'),
  by: z
    .union([z.literal('system'), z.literal('clock'), some(who)])
    .describe('The persons who can make the move, or the system, or the clock.'),
  secondPerson: z
    .union([z.literal(true), sentence, z.strictObject({ when: condition })])
    .optional()
    .describe('Another natural person with the same right confirms it: always, or when this applies.'),
  input: z
    .record(memberName, input)
    .default({})
    .describe('The values that are stated, by name. An input with the name of a fact sets it.'),
  sets: z.record(memberName, setting).optional().describe('Facts that the move sets.'),
  ofRemoved: z
    .literal(true)
    .optional()
    .describe('The move is possible too for a part that the record no longer names.'),
  closes: memberName
    .optional()
    .describe(
      'The organisation that loses the record by the move: `mover`, or an input. The audience no longer names it.',
    ),
  opens: some(memberName)
    .optional()
    .describe(
      'The organisations that may read the record from the move on: inputs, or the subject of the thread. The audience then names them. Only a person of the originator can make the move. A thread whose subject a move opens is unknown to its organisation before.',
    ),
  readers: z
    .literal('members')
    .optional()
    .describe('Only if the move creates: no other reader than the organisations of the relations is named.'),
  addressees: z
    .enum(['log', 'originator'])
    .optional()
    .describe(
      'Only if the move creates: the hub states for whom the threads are, and no person does. `log`: the organisations that received the record which the move names, by the audit log, if the mover asserts it. `originator`: the organisation that asserts the record, if the mover may read it; otherwise there is no thread.',
    ),
  refusedIf: some(sentence)
    .optional()
    .describe('Conditions, in words, on which the body that carries out the move refuses it.'),
  when: condition.optional().describe('The move exists only under this condition.'),
  once: z
    .strictObject({
      all: memberName,
      in: memberName,
      orNone: z.literal(true).optional().describe('The move follows too if `all` names no organisation.'),
    })
    .optional()
    .describe(
      'Only if `by` is `system`: the move follows at once after a move of a person, when each organisation of `all` is in the fact `in`.',
    ),
  before: instant.optional().describe('The move is refused from this instant on.'),
  at: instant.optional().describe('The instant at which the clock makes the move. Only if `by` is `clock`.'),
  clock: slug.optional().describe('The clock by which the move is due.'),
  due: sentence.optional().describe('By when, in words, if no clock says it.'),
  follows: z.array(sentence).default([]).describe('The effects, one sentence each.'),
  basis: sentence.describe('The law or practice behind the move.'),
});

const reminder = z.strictObject({
  is: sentence,
  from: some(slug).describe('The stored states in which the act is still possible.'),
  when: condition.optional(),
  at: instant.describe(
    'The instant of the reminder: a fact or a field, or the reminder of a clock without an end.',
  ),
  every: z
    .int()
    .min(1)
    .max(8784)
    .optional()
    .describe('The hours after which it is repeated while the act is left. Without it, it reminds once.'),
  unless: memberName.optional().describe('No reminder once this fact or field has a value.'),
  dependsOn: z
    .array(memberName)
    .default([])
    .describe(
      'Fields of the record from which the instant follows, such as `threads`. A reader from whom one is hidden gets no notice.',
    ),
  obliges: slug.describe('The relation that is reminded.'),
});

/** The shape of a workflow's file. */
export const workflowFile = z.strictObject({
  format: z.literal('jcu-workflow/1'),
  section: z
    .string()
    .regex(/^[WX]\d+[a-z]?$/)
    .describe('The number of the workflow, such as W6.'),
  title: sentence,
  is: sentence,
  kind: z
    .union([z.literal('any'), z.literal('none'), typeName])
    .describe(
      'The kind of record that has the workflow. `any`: a record of every kind can have it. `none`: it belongs to no record.',
    ),
  stateField: memberName
    .optional()
    .describe('The field of the record that shows the stored state. By default `state`.'),
  shownTo: slug
    .optional()
    .describe(
      'Only if the subject is `record`: only organisations in this relation see the state of the record, its moves and their notices. A later move then writes no version of the record. By default, each reader of the record sees them.',
    ),
  informs: z
    .literal('readers')
    .optional()
    .describe('The notices are for all organisations that the audience of the record names too.'),
  maxMoves: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe(
      'From this number of moves on, only a move that changes the state is possible, or one that closes.',
    ),
  editedIn: some(slug)
    .optional()
    .describe(
      'The stored states in which the content of the record is edited by hand. In the others it is frozen. Without it, no state freezes the content.',
    ),
  subject: slug.describe(
    '`record` if the record has one state. Otherwise what has a state each, such as `addressee`: one thread for each.',
  ),
  parts: z
    .record(memberName, memberName)
    .optional()
    .describe(
      'The lists of the record whose items are the parts, each with the field that names an item. A part on which no move was made is in the initial state.',
    ),
  details: z
    .record(slug, memberName)
    .optional()
    .describe(
      'The relations that see the facts and the moves of a part: `all` moves, or those from the last move of this name on. Other readers see its state only.',
    ),
  relations: z
    .record(
      slug,
      z.strictObject({
        is: sentence,
        field: memberName.optional(),
        with: slug.optional().describe('Only organisations that have this other relation too.'),
        state: memberName
          .optional()
          .describe('The input or fact that names a Member State: only organisations of that state.'),
        person: memberName
          .optional()
          .describe('The fact that names a person by the subject of its token: then only this person.'),
        who: some(
          z.strictObject({
            roles: some(slug).optional(),
            office: slug.optional(),
            when: condition.optional(),
          }),
        )
          .optional()
          .describe(
            'The roles or the office that a person must have who acts in this relation: one of these.',
          ),
      }),
    )
    .describe(
      'The relations that moves name. `field` is the field of the record, or the fact, that names the organisations.',
    ),
  states: z.record(slug, state),
  masks: z
    .array(
      z.strictObject({
        from: slug.describe('The relation from which the states are hidden.'),
        states: some(slug),
        as: slug.describe(
          'The state that is shown in their place, from the instant on. Before it, the state before is shown, as these masks show it.',
        ),
        is: sentence,
        at: instant.optional().describe('Without it, the states are always hidden.'),
        unless: memberName.optional().describe('The states are not hidden once this fact is true.'),
      }),
    )
    .default([]),
  reminders: z
    .record(memberName, reminder)
    .default({})
    .describe('Reminders of acts without a deadline, such as a reply "without undue delay".'),
  fields: z
    .record(memberName, value)
    .default({})
    .describe('Fields of the record that the workflow reads and does not set.'),
  facts: z
    .record(memberName, value)
    .default({})
    .describe('The values that the workflow remembers, set by inputs of the same name.'),
  moves: z.record(memberName, move),
});
/** A parsed workflow file. */
export type WorkflowFile = z.infer<typeof workflowFile>;
/** A move of a workflow. */
export type MoveFile = WorkflowFile['moves'][string];
/** A state of a workflow. */
export type StateFile = WorkflowFile['states'][string];
/** An instant that a workflow names. */
export type InstantFile = z.infer<typeof instant>;
/** A reminder of an act without a deadline. */
export type ReminderFile = z.infer<typeof reminder>;
/** A change of the organisations that a fact names. */
export type MembershipFile = z.infer<typeof membership>;
/** A person who can make a move. */
export type WhoFile = z.infer<typeof who>;
/** A value that a move states, or that a workflow remembers or reads. */
export type ValueFile = WorkflowFile['facts'][string];

/** The shape of `offices.yaml`. */
export const officesFile = z.strictObject({
  format: z.literal('jcu-offices/1'),
  offices: z.record(
    slug,
    z.strictObject({
      title: sentence,
      is: sentence.describe('The reason why the workflows need the office.'),
      roles: z
        .union([z.literal('any'), some(slug)])
        .describe('The roles of which a person must have one to be appointed. `any`: every role.'),
      appointedBy: sentence.describe('The body that appoints, or the rule by which the office passes on.'),
      basis: sentence,
    }),
  ),
});
/** The parsed `offices.yaml`. */
export type OfficesFile = z.infer<typeof officesFile>;
