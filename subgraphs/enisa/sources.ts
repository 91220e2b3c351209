import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { cisaKev } from './sources/cisa-kev.ts';
import { csaf } from './sources/csaf.ts';
import { euKev } from './sources/eu-kev.ts';

/** The sources that ENISA imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [csaf, euKev, cisaKev, ownRecords('enisa', kinds)];
