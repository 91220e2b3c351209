import { certEu } from './records/cert-eu.ts';
import { defence } from './records/defence.ts';
import { eeas } from './records/eeas.ts';
import { enisa } from './records/enisa.ts';
import { europol } from './records/europol.ts';
import { jointUnit } from './records/joint-unit.ts';
import type { Generated } from './records/generated.ts';

export type { Generated } from './records/generated.ts';

/** The kinds of record that fill the stores, with their generators. */
export const generated: readonly Generated[] = [
  ...enisa,
  ...certEu,
  ...europol,
  ...eeas,
  ...defence,
  ...jointUnit,
];
