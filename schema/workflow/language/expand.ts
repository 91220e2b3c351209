import type { MoveFile, WhoFile, WorkflowFile } from './language.ts';

/**
 * Writes out who can make each move: a move by a relation is by each role and office that the relation demands. The
 * declaration names them once, in the relation.
 */
export function expandRelations<File extends WorkflowFile>(workflow: File): File {
  const moves = Object.entries(workflow.moves).map(([name, move]) => [
    name,
    { ...move, by: expandBy(workflow, move.by) },
  ]);
  return { ...workflow, moves: Object.fromEntries(moves) };
}

function expandBy(workflow: WorkflowFile, by: MoveFile['by']): MoveFile['by'] {
  if (typeof by === 'string') return by;
  return by.flatMap((who) => {
    const demanded = who.relation === undefined ? undefined : workflow.relations[who.relation]?.who;
    // Roles or an office that the move itself names are narrower than the relation's.
    if (demanded === undefined || who.roles !== undefined || who.office !== undefined) return [who];
    return demanded.map((one) => join(who, one));
  });
}

function join(who: WhoFile, demanded: WhoFile): WhoFile {
  const when = { ...demanded.when, ...who.when };
  return { ...demanded, ...who, ...(Object.keys(when).length > 0 ? { when } : {}) };
}
