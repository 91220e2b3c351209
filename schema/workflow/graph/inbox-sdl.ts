import { type Community, communityField } from '../../record/vocabulary.ts';
import { isOfParts, type KindWorkflows } from '../served.ts';
import { capital } from './names.ts';

/** Returns the field of a notice that has its record, such as `informationRequest`. */
export function recordField(kind: string): string {
  return `${kind.slice(0, 1).toLowerCase()}${kind.slice(1)}`;
}

/**
 * Returns the part of a community's SDL with notices, tasks and deadlines. The types have the name of the community, so that
 * a further community adds types and changes none.
 */
export function inboxSdl(community: Community, kinds: readonly KindWorkflows[]): string {
  const field = communityField(community);
  const name = capital(field);
  return [
    inboxFieldSdl(field, name),
    noticeSdl(name, kinds),
    noticeEventSdl(field, name),
    taskSdl(field, name, kinds),
    deadlineSdl(field, name, kinds),
    shared,
  ].join('\n');
}

function inboxFieldSdl(field: string, name: string): string {
  return `type Inbox @key(fields: "id") {
  id: ID!
  "Lists the notices to the reader's organisation, newest first. A notice whose record the reader may not see is absent."
  ${field}(
    "The number of edges to return, 100 at most."
    first: Int = 25
    "Returns the edges after this cursor."
    after: String
  ): ${name}NoticeConnection
}
`;
}

function noticeSdl(name: string, kinds: readonly KindWorkflows[]): string {
  return `"A page of notices."
type ${name}NoticeConnection {
  "The edges of this page."
  edges: [${name}NoticeEdge!]!
  "The notices of this page."
  nodes: [${name}Notice!]!
  "Information about this page."
  pageInfo: PageInfo!
}

"A notice with its cursor."
type ${name}NoticeEdge {
  "The opaque cursor of this edge."
  cursor: String!
  "The notice."
  node: ${name}Notice!
}

"A notice that something happened in a workflow. It has no content: read the record."
type ${name}Notice {
  "The id of the notice. It stays the same when the notice is sent more than once."
  id: ID!
${subjectSdl(kinds)}
  "The kind of event."
  event: NoticeEvent!
  "The name of the move, of the state as the reader sees it, of the part of the period that is over (\`half\`, \`three-quarters\` or \`due\`), or of the reminder of an act without a deadline."
  name: String!
  "The time at which it happened."
  happenedAt: DateTime!
  "The time at which it was entered, by which the list is sorted."
  at: DateTime!
}
`;
}

function noticeEventSdl(field: string, name: string): string {
  return `extend type Query {
  "Returns a notice to the reader's organisation. Null if it does not exist, or if the reader may not see its record."
  ${field}Notice("The id of the notice." id: ID!): ${name}Notice
}

extend type Subscription {
  "Sends an event for each new notice to the reader's organisation, if the reader may see its record at that moment."
  ${field}NoticeEvents(
    "Continues after the event with this \`eventId\`, without a gap; events may be repeated. RESUME_EXPIRED if events since then may be missing."
    resumeAfter: ID
  ): ${name}NoticeEvent
}

"A new notice to the reader's organisation."
type ${name}NoticeEvent {
  "The id of the event, for \`resumeAfter\`."
  eventId: ID!
  "The notice, read again when the event is sent."
  notice: ${name}Notice
}
`;
}

/** The fields that say what a notice, a task or a deadline is about. */
function subjectSdl(kinds: readonly KindWorkflows[]): string {
  const records = kinds.map(
    ({ type }) => `  "The record, if it is of this kind."\n  ${recordField(type)}: ${type}`,
  );
  const hasParts = kinds.some(({ thread }) => thread !== null && isOfParts(thread));
  const part = hasParts
    ? '  "The name of the part of the record, such as a stage. Null for the record itself."\n  part: String\n'
    : '';
  return `  "The id of the record."
  recordId: ID!
${records.join('\n')}
  "The organisation whose thread it is. Null for the record itself."
  thread: Organisation
${part}  "The name of the workflow's declaration, such as \`information-thread\`."
  workflow: String!`;
}

function taskSdl(field: string, name: string, kinds: readonly KindWorkflows[]): string {
  return `type Tasks @key(fields: "id") {
  id: ID!
  "Lists the records and threads of the reader's organisation on which the reader can make a move now, those of the newest record first. The 300 newest records are examined."
  ${field}("The number of tasks to return, 100 at most." first: Int = 100): [${name}Task!]
}

"A record or a thread on which the reader can make a move now."
type ${name}Task {
${subjectSdl(kinds)}
  "The time since which the state holds."
  since: DateTime!
  "The moves that the reader can make now, by the names of their mutations."
  mutations: [String!]!
}
`;
}

function deadlineSdl(field: string, name: string, kinds: readonly KindWorkflows[]): string {
  return `type Deadlines @key(fields: "id") {
  id: ID!
  "Lists the deadlines in the period that the reader may know of, the earliest first. The 300 newest records of the reader's organisation are examined."
  ${field}("The number of deadlines to return, 100 at most." first: Int = 100): [${name}Deadline!]
}

"An instant at which a state begins or the clock makes a move."
type ${name}Deadline {
${subjectSdl(kinds)}
  "\`STATE\` or \`MOVE\`."
  event: NoticeEvent!
  "The name of the state as the reader sees it, or of the move of the clock."
  name: String!
  "The instant. A move that is to prevent the state is made before it."
  dueAt: DateTime!
  "The reader's organisation, if it is to make a move before. Null otherwise."
  obliged: Organisation
}
`;
}

const shared = `"The kind of event that a notice is about."
enum NoticeEvent {
  "A move was made."
  MOVE
  "A state began because of the time."
  STATE
  "The reader's organisation is to make a move: a part of its period is over."
  REMINDER
}
`;
