import type { OfficeEntry } from '../../gateway/registry/offices.ts';
import { readers } from './issuer/readers.ts';

/**
 * The readers of the trial with an office, by the offices of `schema/workflow/offices.yaml`. In the exercise, the
 * Netherlands have the Presidency of the Council. Where two persons of one organisation decide together, both are named.
 * The third person of the Reserve's desk has no office: it assesses what the two others decide.
 */
const appointed: Readonly<Record<string, readonly string[]>> = {
  'case-lead': ['joint-coordinator', 'joint-coordinator-2', 'cert-eu-analyst'],
  editor: ['joint-coordinator', 'joint-coordinator-2', 'network-secretariat', 'enisa-analyst'],
  'csirts-network-chair': ['pl-csirt-analyst'],
  'cyclone-chair': ['nl-cyclone-executive'],
  'presidency-representative': ['nl-delegate'],
  'cert-eu-head': ['cert-eu-head'],
  'iicb-chair': ['iicb-chair'],
  'reserve-decider': ['reserve-desk', 'reserve-desk-2'],
  'crrt-coordinator': ['lt-crrt-lead', 'lt-crrt-lead-2'],
  'europol-officer': ['europol-officer'],
  'provider-unit': ['de-police-officer', 'de-police-officer-2'],
  signatory: ['cert-eu-head', 'network-secretariat', 'private-partner', 'private-provider'],
  'security-officer': readers.filter(({ roles }) => roles.includes('community-operator')).map(({ as }) => as),
  evaluator: ['eurojust-prosecutor'],
  'owner-delegate': [
    'enisa-analyst',
    'enisa-analyst-2',
    'fr-csirt-analyst',
    'fr-csirt-analyst-2',
    'cert-eu-analyst',
    'cert-eu-head',
    'private-partner',
    'lt-crrt-lead',
  ],
};

const from = new Date('2026-01-01T00:00:00Z');
const until = new Date('2036-01-01T00:00:00Z');

/** The offices of the trial's registry, in force from 2026 until 2036. */
export const trialOffices: readonly OfficeEntry[] = Object.entries(appointed).flatMap(([office, names]) =>
  readers
    .filter(({ as }) => names.includes(as))
    .map(({ as, subject, organisation }) => ({
      _id: `${office}:${as}`,
      office,
      subject,
      organisation,
      from,
      until,
    })),
);
