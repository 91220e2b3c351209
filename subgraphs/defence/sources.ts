import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { attack, stix } from './sources/stix.ts';

/** What Defence takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [attack, stix, ownRecords('defence', kinds)];
