import { statesTo } from '../language/check-states.ts';
import type { MoveFile, WorkflowFile } from '../language/language.ts';
import {
  code,
  phraseBy,
  phraseCondition,
  phraseInputs,
  phraseInstant,
  phraseSets,
  phraseState,
  phraseTime,
  phraseWho,
} from './phrases.ts';

/** Formats a Markdown table. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [rowOf(head), rowOf(head.map(() => '---')), ...rows.map(rowOf)].join('\n');
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Returns the table of the states. */
export function statesTable({ states }: WorkflowFile): string {
  const rows = Object.entries(states).map(([name, state]) => [code(name), state.is, phraseState(state)]);
  return tableOf(['state', 'meaning', 'kind'], rows);
}

/** Returns the table of the relations, or undefined if moves name no relation. */
export function relationsTable({ relations }: WorkflowFile): string | undefined {
  const rows = Object.entries(relations).map(([name, { is, who = [] }]) => [
    `**${name}**`,
    is,
    lines(who.map(phraseWho)),
  ]);
  return rows.length === 0 ? undefined : tableOf(['relation', 'meaning', 'a person must be'], rows);
}

/** Returns the sentences on the states that one side does not see. */
export function masksList({ masks }: WorkflowFile): string | undefined {
  if (masks.length === 0) return undefined;
  const items = masks.map(({ from, states, as, is, at, unless }) => {
    const time = at === undefined ? '' : ` from ${phraseInstant(at)} on, and until then the state before`;
    const exception = unless === undefined ? '' : ` This ends once \`${unless}\` is true.`;
    return `- ${is} The **${from}** sees ${states.map(code).join(', ')} as \`${as}\`${time}.${exception}`;
  });
  return items.join('\n');
}

/** Returns the list of the reminders of acts without a deadline. */
export function remindersList({ reminders }: WorkflowFile): string | undefined {
  const items = Object.entries(reminders).map(([name, { is, at, every }]) => {
    const clock = typeof at === 'string' ? code(at) : `the reminder of the clock ${code(at.clock)}`;
    const again = every === undefined ? '' : ` and every ${every} hours`;
    return `- ${code(name)}, at ${clock}${again}: ${is}`;
  });
  return items.length === 0 ? undefined : items.join('\n');
}

/** Returns the table of the moves. `endless` are the clocks without an end. */
export function movesTable({ moves }: WorkflowFile, endless: ReadonlySet<string>): string {
  const rows = Object.entries(moves).map(([name, move]) => [
    name === move.id.split('.')[1] ? code(move.id) : `${code(move.id)}<br>(${code(name)})`,
    change(move),
    lines([...phraseBy(move.by), ...second(move)]),
    lines(phraseInputs(move.input)),
    lines(phraseTime(move)),
    lines([...effects(move), ...phraseSets(move.sets, endless)]),
    move.basis,
  ]);
  return tableOf(['move', 'from → to', 'who', 'must be stated', 'by when', 'follows', 'basis'], rows);
}

function change(move: MoveFile): string {
  const to = statesTo(move).map(code).join(' or ');
  if (move.from === 'none') return to === '' ? 'no state' : `→ ${to}`;
  const from = move.from === 'any' ? 'every state that is not final' : move.from.map(code).join(', ');
  return to === '' ? `${from} (stays)` : `${from} → ${to}`;
}

function second({ secondPerson, nature }: MoveFile): readonly string[] {
  const record = nature === 'record' ? ['Recorded only: the decision is taken elsewhere.'] : [];
  if (secondPerson === undefined) return record;
  if (secondPerson === true) return ['A second person confirms.', ...record];
  const ground = typeof secondPerson === 'string' ? secondPerson : phraseCondition(secondPerson.when);
  return [
    `A second person confirms ${typeof secondPerson === 'string' ? `in this case: ${ground}` : `${ground}.`}`,
    ...record,
  ];
}

function effects({
  follows,
  refusedIf = [],
  when,
  opens = [],
  readers,
  addressees,
}: MoveFile): readonly string[] {
  return [
    ...(when === undefined ? [] : [`Only ${phraseCondition(when)}.`]),
    ...(opens.length === 0 ? [] : [`The audience names ${opens.map(code).join(', ')}.`]),
    ...(readers === undefined ? [] : ['Only the organisations of the relations read the new record.']),
    ...(addressees === undefined ? [] : [addressed[addressees]]),
    ...follows,
    ...refusedIf.map((ground) => `Refused: ${ground}`),
  ];
}

const addressed = {
  log: 'The hub checks that the organisation asserts the record, and takes the threads from the audit log.',
  originator:
    'The hub states the originator of the record, if the reader may read it. Otherwise there is no thread.',
} as const;

function lines(phrases: readonly string[]): string {
  return phrases.join('<br>');
}
