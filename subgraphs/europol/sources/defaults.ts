import { cataloguePurposes, publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';

/** Envelope defaults for records of public catalogues, by originator. */
export const publicDefaults = publicDefaultsAt('europol', cataloguePurposes);
