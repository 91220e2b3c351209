import type { Workflow } from '../language/load.ts';
import {
  areVersionsOfThreads,
  creatingMove,
  hasAddressees,
  hasProposals,
  isOfParts,
  type KindWorkflows,
  openingMove,
} from '../served.ts';
import { standingType } from './names.ts';
import { choicesOf, enumeration, quote, typeOf } from './values-sdl.ts';

/** Returns the fields of a kind of record that show where it and its threads stand. */
export function standingFields(kind: KindWorkflows): readonly string[] {
  const { record, thread } = kind;
  const subject = thread?.subject ?? '';
  const readers = hasAddressees(kind)
    ? `The ${openerOf(kind)} sees all of them, each ${subject} sees its thread only, other readers none.`
    : openingMove(kind) === null
      ? `Readers of the record see all of them.${detailsSentence(thread)}`
      : 'Organisations that take part see all of them, other readers none.';
  return [
    ...(record === null
      ? []
      : [
          `  "The state of the record in its workflow.${shownOnly(record)}"\n  progress: ${standingType(record)}`,
        ]),
    ...(thread === null
      ? []
      : [`  "One thread for each ${subject}. ${readers}"\n  threads: [${standingType(thread)}!]`]),
  ];
}

/** Names the organisation that creates records of a kind, by the relation that its first move demands of one organisation. */
export function openerOf(kind: KindWorkflows): string {
  const first = creatingMove(kind);
  const by = first?.of.moves[first.move]?.by;
  const [{ relation = '' } = {}] = by === undefined || typeof by === 'string' ? [] : by;
  const field = first?.of.relations[relation]?.field;
  const isOne = field !== undefined && first?.of.facts[field]?.type !== 'organisations';
  return isOne ? relation.replaceAll('-', ' ') : 'opening organisation';
}

function shownOnly({ shownTo }: Workflow): string {
  return shownTo === undefined ? '' : ` Null for every reader but the ${shownTo}.`;
}

/** The sentence that says which readers see more of a part than its state. Empty if all do. */
function detailsSentence(of: Workflow | null): string {
  if (of?.details === undefined) return '';
  const seers = Object.entries(of.details).map(([relation, from]) =>
    from === 'all' ? `to the ${relation}` : `to the ${relation} from the last \`${from}\` on`,
  );
  return ` Facts and moves are shown only ${seers.join(', and ')}.`;
}

/** Returns the type that shows where a record or a thread stands. */
export function standingSdl(of: Workflow, kind: KindWorkflows): string {
  const opening = openingMove(kind);
  const type = standingType(of);
  const isPart = isOfParts(of);
  const subject =
    of.subject === 'record'
      ? ''
      : isPart
        ? `  "The name of the ${of.subject} in its record, such as \`${exampleOf(of)}\`."\n  ${of.subject}: String\n`
        : `  "The ${of.subject} that the thread belongs to."\n  ${of.subject}: Organisation\n`;
  const readers = isPart
    ? `Readers of the ${of.subject} see it.`
    : opening === null
      ? areVersionsOfThreads(kind)
        ? `The ${of.subject} and the ${openerOf(kind)} see it.`
        : `The ${of.subject} sees it, the ${openerOf(kind)} states the version of the record.`
      : `Only the ${of.subject} sees it.`;
  const version =
    of.subject === 'record'
      ? ''
      : `  "The version of the thread, for \`expectedVersion\`. ${readers}"\n  version: Int\n`;
  const facts = Object.entries(of.facts).map(
    ([name, value]) => `  ${quote(value.is)}\n  ${name}: ${typeOf(of, name, value)}`,
  );
  return [
    enumeration(`${type}State`, 'The state, as far as the reader may know it.', {
      ...Object.fromEntries(Object.entries(of.states).map(([name, { is }]) => [name, is])),
      ...Object.fromEntries(of.masks.map(({ as, is }) => [as, is])),
    }),
    ...choicesOf(of),
    `${quote(of.is)}
type ${type} {
${subject}${version}  "The state at the time of the answer."
  state: ${type}State
  "The time since which the state holds."
  since: DateTime
${facts.join('\n')}${hasProposals(of) ? proposalField : ''}
  "The moves that the reader can make now, by the names of their mutations."
  possibleMoves: [String!]
  "The moves that were made, as far as the reader may know them, the oldest first."
  moves: [MadeMove!]
}
`,
  ].join('\n');
}

/** The name of a part, as an example. Parts that the record names can have any name. */
export function exampleOf({ parts, subject }: Workflow): string {
  if (parts !== undefined) return 'EX-M1';
  return subject === 'step' ? 'step-1' : 'early-warning-1';
}

const proposalField = `
  "The move of the reader's organisation that waits for its second person. Null if none does."
  proposal: ProposedMove`;
