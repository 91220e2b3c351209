import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/source.ts';
import { kinds } from './records.ts';
import { eurepoc } from './sources/eurepoc.ts';

/** What EEAS takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [eurepoc, ownRecords('eeas', kinds)];
