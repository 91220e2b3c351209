import { kinds } from './records.ts';
import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { cisaKev } from './sources/cisa-kev.ts';
import { csaf } from './sources/csaf.ts';
import { euKev } from './sources/eu-kev.ts';

/** What ENISA takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [csaf, euKev, cisaKev, ownRecords('enisa', kinds)];
