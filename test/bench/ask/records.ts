import { certEu } from './records/cert-eu.ts';
import { defence } from './records/defence.ts';
import { eeas } from './records/eeas.ts';
import { enisa } from './records/enisa.ts';
import { europol } from './records/europol.ts';
import { jointUnit } from './records/joint-unit.ts';
import type { Generated } from './records/said.ts';

export type { Generated } from './records/said.ts';

/** The kinds that fill the stores, and what a record of each is like. */
export const generated: readonly Generated[] = [
  ...enisa,
  ...certEu,
  ...europol,
  ...eeas,
  ...defence,
  ...jointUnit,
];
