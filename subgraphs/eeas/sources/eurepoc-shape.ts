import { z } from 'zod';

const cell = z.string().optional();
const incident = {
  ID: z.string(),
  start_date: cell,
  incident_type: cell,
  receiver_country: cell,
  receiver_region: cell,
};
const initiators = z.looseObject({
  ...incident,
  initiator_country: cell,
  initiator_category: cell,
  initiator_name: z.string(),
});
const attributions = z.looseObject({
  ...incident,
  initiator_country: cell,
  attribution_ID: z.string(),
  attribution_date: cell,
  attribution_basis_clean: cell,
});
const responses = z.looseObject({ ...incident, weighted_cyber_intensity: z.string() });
const sectors = z.looseObject({
  ...incident,
  receiver_category: z.string(),
  receiver_category_subcode: cell,
});
/** The shape of the rows of one incident in the four tables. */
export const eurepocShape = z.looseObject({
  initiators: z.array(initiators).min(1),
  attributions: z.array(attributions),
  responses: z.array(responses).min(1),
  sectors: z.array(sectors).min(1),
});

/** The rows of one EuRepoC incident in the four tables. */
export type EurepocIncident = z.infer<typeof eurepocShape>;
