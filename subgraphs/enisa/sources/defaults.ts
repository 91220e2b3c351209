import { cataloguePurposes, publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';

/** What holds for records of a public catalogue that say nothing else of themselves. */
export const publicDefaults = publicDefaultsAt('enisa', cataloguePurposes);
