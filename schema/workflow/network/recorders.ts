import type { MoveFile, WhoFile, WorkflowFile } from '../language/language.ts';
import type { Networks } from './language.ts';

/**
 * Writes out who can record for each network (`recorders: networks`), and the networks as the choices of the input
 * `network` of such a move.
 */
export function withRecorders(workflow: WorkflowFile, networks: Networks): WorkflowFile {
  const moves = Object.entries(workflow.moves).map(([name, move]) => [name, writtenOut(move, networks)]);
  return { ...workflow, moves: Object.fromEntries(moves) as WorkflowFile['moves'] };
}

function writtenOut(move: MoveFile, networks: Networks): MoveFile {
  const { by, input } = move;
  const { network } = input;
  if (typeof by === 'string' || by.every(({ recorders }) => recorders === undefined)) return move;
  const choices = Object.keys(networks);
  return {
    ...move,
    by: by.flatMap((who) => recordersOf(who, networks)),
    input: network === undefined ? input : { ...input, network: { ...network, choices } },
  };
}

function recordersOf({ recorders, ...who }: WhoFile, networks: Networks): readonly WhoFile[] {
  if (recorders === undefined) return [who];
  return Object.entries(networks).flatMap(([name, { recordedBy }]) =>
    recordedBy.map((one) => ({ ...who, ...one, when: { ...who.when, network: [name] } })),
  );
}
