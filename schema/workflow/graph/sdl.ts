import { buildASTSchema, isInputObjectType, parse } from 'graphql';
import type { Community } from '../../record/vocabulary.ts';
import type { MoveFile } from '../language/language.ts';
import type { Workflow } from '../language/load.ts';
import {
  addressedByHub,
  areVersionsOfThreads,
  creatingMove,
  hasAddressees,
  hasProposals,
  isOfParts,
  type KindWorkflows,
  laterMoves,
  mutationOf,
  openingMove,
  opensThreads,
  workflowsOf,
} from '../served.ts';
import { inboxSdl } from './inbox-sdl.ts';
import { choiceType, inputType } from './names.ts';
import { exampleOf, openerOf, standingFields, standingSdl } from './standing-sdl.ts';
import { choiceSdl, enumeration, quote, typeOf } from './values-sdl.ts';

/**
 * Returns the part of a community's SDL that its workflows give: the mutations of the moves with their inputs, and the
 * fields that show where a record stands. Empty if the community runs none. `sdl` is the community's other SDL: inputs
 * of a creating move that are fields of the record's content are given there.
 */
export function workflowSdl(community: Community, sdl: string): string {
  const kinds = [...workflowsOf(community).values()];
  if (kinds.length === 0) return '';
  const fieldsOf = contentFields(sdl);
  return [
    shared,
    ...kinds.map((kind) => kindSdl(kind, fieldsOf(kind.type))),
    inboxSdl(community, kinds),
  ].join('\n');
}

const shared = `"When a move was made, if it is entered later than a few minutes after it happened."
input LateEntryInput {
  "The reason why the move is entered later."
  reason: String!
  "The channel by which the move was made, such as a telephone call."
  channel: String!
}

"A move that was made in a workflow."
type MadeMove @shareable {
  "The id of the move, by which another move names it."
  id: ID
  "The name of the move."
  move: String
  "The organisation that made the move. Null for a move of the system or of the clock."
  by: Organisation
  "The time at which the move happened."
  happenedAt: DateTime
  "The time at which the move was entered."
  recordedAt: DateTime
  "The reason why the move was entered later. Null if it was entered at once."
  lateReason: String
  "The channel by which a move that was entered later was made."
  lateChannel: String
  "Whether the move was made, or waited for a second person. Only the proposing organisation sees moves that were not made."
  stage: MoveStage
  "The values that the move stated, as far as the reader may see them. At most those of 200 moves in one request."
  values: [StatedValue!]
}

"The stage of a move. One that needs a second person is proposed before it is made."
enum MoveStage {
  "The move was made."
  MADE
  "One person proposed the move."
  PROPOSED
  "The proposed move was dismissed without being made."
  DISMISSED
}

"A value that a move stated."
type StatedValue @shareable {
  "The name of the value."
  name: String
  "The value as text, such as an instant in ISO 8601. A list has several."
  values: [String!]
}

"A move that waits for its second person."
type ProposedMove @shareable {
  "The id of the proposal, for the mutation that confirms or dismisses it."
  id: ID
  "The name of the mutation that one person proposed."
  move: String
  "The time at which the move was proposed."
  at: DateTime
  "True if the reader proposed the move. Another person must confirm it."
  isOwn: Boolean
  "The values that the move states."
  values: [StatedValue!]
}
`;

function kindSdl(kind: KindWorkflows, content: ReadonlySet<string>): string {
  const first = creatingMove(kind);
  const creates = first === null ? [] : [mutation(first.of, first.move, true)];
  const later = laterMoves(kind).map(({ of, move }) => mutation(of, move, false));
  return [
    `extend type Mutation {\n${[...creates, ...later, ...proposalMutations(kind)].join('\n')}\n}\n`,
    `extend type ${kind.type} {\n${standingFields(kind).join('\n')}\n}\n`,
    ...[kind.record, kind.thread].flatMap((of) => (of === null ? [] : [standingSdl(of, kind)])),
    ...(first === null ? [] : [creatingInput(kind, first.of, first.move, content)]),
    ...laterMoves(kind).map(({ of, move }) => laterInput(of, move, kind)),
    ...(hasProposals(kind.record) ? proposalInputs(kind.type) : []),
  ].join('\n');
}

/** The mutations of the second person, and the purpose of each. */
const proposalMoves = {
  confirmProposed: 'Makes the move that another person of the same organisation proposed.',
  dismissProposed: 'Ends a proposed move without making it.',
} as const;

function proposalMutations({ type, record }: KindWorkflows): readonly string[] {
  if (!hasProposals(record)) return [];
  return Object.entries(proposalMoves).map(
    ([move, is]) =>
      `  ${quote(is)}\n  ${mutationOf(type, move)}("The proposed move." input: ${inputType(type, move)}!): ${type}Payload`,
  );
}

function proposalInputs(type: string): readonly string[] {
  return Object.entries(proposalMoves).map(
    ([move, is]) => `${quote(is)}
input ${inputType(type, move)} {
${keyField}
  "The id of the record."
  id: ID!
  "The version of the record. A different current version gives STALE_VERSION."
  expectedVersion: Int!
  "The id of the proposal that the person has read."
  proposal: ID!
}
`,
  );
}

const keyField = `  "A key chosen by the client. A repeated request with the same key is applied once and gives the same answer."\n  key: ID!`;

function mutation({ kind, moves }: Workflow, move: string, isFirst: boolean): string {
  const declared = moves[move];
  const what =
    declared?.from === 'none'
      ? isFirst
        ? 'creates the record'
        : 'opens a thread'
      : declared?.to === undefined
        ? 'keeps the state'
        : 'changes the state';
  return `  "Makes the move \`${move}\`, which ${what}."\n  ${mutationOf(kind, move)}("The move." input: ${inputType(kind, move)}!): ${kind}Payload`;
}

function creatingInput(
  kind: KindWorkflows,
  of: Workflow,
  move: string,
  content: ReadonlySet<string>,
): string {
  const { type } = kind;
  const isAsked = hasAddressees(kind);
  const isStated = addressedByHub(kind) === null;
  const rest = Object.entries(of.moves[move]?.input ?? {}).filter(
    ([name]) => !content.has(name) && name !== 'addressees',
  );
  return input(of, move, rest, [
    keyField,
    `  "The content of the record. The ${openerOf(kind)} and the state are those of the move."\n  content: ${type}Content!`,
    ...(!isAsked || !isStated
      ? []
      : [`  "The addressees, 100 at most, by registry ids such as \`cert-eu\`."\n  addressees: [ID!]!`]),
    ...(!isStated
      ? []
      : [
          `  "The readers of the record. By default AMBER, for ${readersOf(kind)}.${of.moves[move]?.readers === undefined ? '' : ' No other organisation can be named.'}"\n  reading: ReadingInput`,
        ]),
  ]);
}

/** Names the organisations that read a new record by default. */
function readersOf(kind: KindWorkflows): string {
  if (opensThreads(kind)) return `the ${openerOf(kind)} only, until a later move opens it`;
  const others = hasAddressees(kind) ? 'addressees' : 'organisations that the record names';
  return `the ${openerOf(kind)} and the ${others}`;
}

function laterInput(of: Workflow, move: string, kind: KindWorkflows): string {
  const opening = openingMove(kind);
  const isPart = isOfParts(of) && of.moves[move]?.from !== 'none';
  const isThread = of.subject !== 'record' && !isOfParts(of);
  const version = isPart
    ? `The version of the ${of.subject} that the move is based on. A different current version gives STALE_VERSION.`
    : isThread && move !== opening
      ? `The version that the move is based on: of the thread${opening === null && !areVersionsOfThreads(kind) ? ` for its ${of.subject}, of the record for the ${openerOf(kind)}` : ''}.`
      : 'The version of the record that the move is based on. A different current version gives STALE_VERSION.';
  return input(of, move, Object.entries(of.moves[move]?.input ?? {}), [
    keyField,
    `  "The id of the record."\n  id: ID!`,
    `  ${quote(version)}\n  expectedVersion: Int!`,
    ...(isPart
      ? [`  "The name of the ${of.subject}, such as \`${exampleOf(of)}\`."\n  ${of.subject}: ID!`]
      : []),
    ...(isThread && opening === null
      ? [
          `  "The ${of.subject} whose thread it is. By default the reader's organisation."\n  ${of.subject}: ID`,
        ]
      : []),
  ]);
}

function input(
  of: Workflow,
  move: string,
  stated: readonly (readonly [string, MoveFile['input'][string]])[],
  first: readonly string[],
): string {
  const choices = stated.filter(
    ([name, { choices: some }]) => some !== undefined && !Object.hasOwn(of.facts, name),
  );
  const { to } = of.moves[move] ?? {};
  const target = Array.isArray(to) ? targetOf(of, move, to) : null;
  const fields = stated.map(([name, value]) => {
    const isRequired = value.optional !== true && value.when === undefined;
    return `  ${quote(value.is)}\n  ${name}: ${typeOf(of, name, value, move)}${isRequired ? '!' : ''}`;
  });
  return `${target?.type ?? ''}${choices.map(([name, value]) => choiceSdl(choiceType(of, name, move), value)).join('\n')}"The move \`${move}\`."
input ${inputType(of.kind, move)} {
${[...first, ...(target === null ? [] : [target.field]), ...fields].join('\n')}
  "The time at which the move happened, if it was before it is entered: 24 hours at most."
  happenedAt: DateTime
  "The reason of a move that is entered later, and its channel."
  late: LateEntryInput
}
`;
}

/** Returns the input for the state that a move leads to, if it can lead to several. */
function targetOf(
  of: Workflow,
  move: string,
  to: readonly string[],
): { readonly type: string; readonly field: string } {
  const type = choiceType(of, 'to', move);
  const states = Object.fromEntries(to.map((state) => [state, of.states[state]?.is ?? '']));
  return {
    type: `${enumeration(type, 'The state that the move leads to.', states)}\n`,
    field: `  "The state that the move leads to."\n  to: ${type}!`,
  };
}

function contentFields(sdl: string): (kind: string) => ReadonlySet<string> {
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  return (kind) => {
    const content = schema.getType(`${kind}Content`);
    return new Set(isInputObjectType(content) ? Object.keys(content.getFields()) : []);
  };
}
