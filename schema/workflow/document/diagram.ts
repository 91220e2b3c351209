import { statesFrom, statesTo } from '../language/check-states.ts';
import type { MoveFile, WorkflowFile } from '../language/language.ts';

/**
 * Draws the states and the moves that change them as a Mermaid diagram. Moves that keep the state are in the table only.
 * A dashed state is computed from the clock.
 */
export function diagramOf(workflow: WorkflowFile): string {
  const computed = Object.keys(workflow.states).filter(
    (name) => workflow.states[name]?.computed !== undefined,
  );
  const lines = [
    'stateDiagram-v2',
    ...Object.keys(workflow.states).map((name) => `state "${name}" as ${idOf(name)}`),
    ...edgesOf(workflow),
    ...notesOf(workflow),
    ...(computed.length === 0
      ? []
      : ['classDef computed stroke-dasharray: 4 4', `class ${computed.map(idOf).join(',')} computed`]),
  ];
  return `\`\`\`mermaid\n${lines.join('\n    ')}\n\`\`\``;
}

/** A prefix keeps names such as `end` apart from the words of Mermaid. */
function idOf(name: string): string {
  return `s_${name.replaceAll('-', '_')}`;
}

function edgesOf(workflow: WorkflowFile): readonly string[] {
  const edges = [...edgesOfMoves(workflow), ...edgesOfStates(workflow)];
  const names = Map.groupBy(edges, ({ edge }) => edge);
  return [...names].map(([edge, own]) => {
    const text = own.flatMap(({ name }) => name ?? []).join(', ');
    return text === '' ? edge : `${edge} : ${text}`;
  });
}

/** An arrow, with the name of the move that makes it. */
type Edge = { readonly edge: string; readonly name?: string };

function edgesOfMoves(workflow: WorkflowFile): readonly Edge[] {
  return Object.entries(workflow.moves).flatMap(([name, move]) => {
    if (leadsEverywhere(workflow, move)) return [];
    const sources = move.from === 'none' ? ['[*]'] : statesFrom(workflow, move).map(idOf);
    return sources.flatMap((from) =>
      statesTo(move)
        .map(idOf)
        .filter((to) => to !== from)
        .map((to) => ({ edge: `${from} --> ${to}`, name })),
    );
  });
}

function edgesOfStates({ states, moves }: WorkflowFile): readonly Edge[] {
  const created = Object.values(moves).flatMap((move) => (move.from === 'none' ? statesTo(move) : []));
  return Object.entries(states).flatMap(([name, { initial, final, computed }]) => [
    ...(initial === true && !created.includes(name) ? [{ edge: `[*] --> ${idOf(name)}` }] : []),
    ...(computed?.from ?? []).map((from) => ({ edge: `${idOf(from)} --> ${idOf(name)}`, name: 'clock' })),
    ...(final === true ? [{ edge: `${idOf(name)} --> [*]` }] : []),
  ]);
}

/** A move from every state to every other would cover the diagram with arrows: a note says it instead. */
function leadsEverywhere(workflow: WorkflowFile, move: MoveFile): boolean {
  return move.from === 'any' && statesFrom(workflow, move).length === statesTo(move).length;
}

function notesOf(workflow: WorkflowFile): readonly string[] {
  const [first = ''] = Object.keys(workflow.states);
  return Object.entries(workflow.moves)
    .filter(([, move]) => leadsEverywhere(workflow, move))
    .map(([name]) => `note right of ${idOf(first)} : ${name} leads from every state to every other`);
}
