import { checkMoves } from './check-moves.ts';
import { checkNames, type Vocabulary } from './check-names.ts';
import { checkOrganisations } from './check-organisations.ts';
import { checkStates } from './check-states.ts';
import { checkValues } from './check-values.ts';
import type { Fault } from './faults.ts';
import type { OfficesFile, WorkflowFile } from './language.ts';

/** Returns the faults of a declaration that its shape alone does not show. */
export function checkWorkflow(
  file: string,
  workflow: WorkflowFile,
  vocabulary: Vocabulary,
): readonly Fault[] {
  return [
    ...checkNames(workflow, vocabulary),
    ...checkStates(workflow),
    ...checkMoves(workflow),
    ...checkValues(workflow),
    ...checkOrganisations(workflow),
  ].map((finding) => ({ file, ...finding }));
}

/** Returns a fault for each role in `offices.yaml` that the registry does not have. */
export function checkOffices(
  file: string,
  offices: OfficesFile['offices'],
  roles: ReadonlySet<string>,
): readonly Fault[] {
  return Object.entries(offices).flatMap(([id, office]) =>
    (office.roles === 'any' ? [] : office.roles)
      .filter((role) => !roles.has(role))
      .map((role) => ({
        file,
        place: `offices.${id}.roles`,
        value: role,
        remedy: 'name a role of schema/policy/domain.yaml',
      })),
  );
}
