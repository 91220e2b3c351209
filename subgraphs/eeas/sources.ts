import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { eurepoc } from './sources/eurepoc.ts';
import { sanctions } from './sources/sanctions.ts';

/** What EEAS takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [eurepoc, sanctions, ownRecords('eeas', kinds)];
