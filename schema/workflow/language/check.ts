import { checkMoves } from './check-moves.ts';
import { checkNames, type Vocabulary } from './check-names.ts';
import type { Networks } from '../network/language.ts';
import type { Triggers } from '../trigger/language.ts';
import { checkOrganisations } from './check-organisations.ts';
import { checkStates } from './check-states.ts';
import { checkValues } from './check-values.ts';
import { type Fault, findUnknown } from './faults.ts';
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

/** Returns a fault for each role, office, clock and network in `triggers.yaml` that nothing declares. */
export function checkTriggers(
  file: string,
  triggers: Triggers,
  { roles, offices, clocks, networks }: Vocabulary & { readonly networks: Networks },
): readonly Fault[] {
  return Object.entries(triggers).flatMap(([id, { recipients, by = [], clock }]) => {
    const place = `triggers.${id}`;
    const named = by.flatMap((who) => who.roles ?? []);
    const held = by.flatMap(({ office }) => office ?? []);
    const known = new Set(Object.keys(networks));
    return [
      ...findUnknown(`${place}.by`, named, roles, 'a role of schema/policy/domain.yaml'),
      ...findUnknown(`${place}.by`, held, offices, 'an office of offices.yaml'),
      ...findUnknown(
        `${place}.recipients.roles`,
        recipients?.roles ?? [],
        roles,
        'a role of schema/policy/domain.yaml',
      ),
      ...findUnknown(
        `${place}.recipients.networks`,
        recipients?.networks ?? [],
        known,
        'a network of networks.yaml',
      ),
      ...(clock === undefined || clocks === undefined
        ? []
        : findUnknown(`${place}.clock`, [clock], clocks, 'a clock of clocks.yaml')),
    ].map((finding) => ({ file, ...finding }));
  });
}
