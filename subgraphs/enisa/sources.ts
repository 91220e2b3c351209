import type { Source } from '../serve/ingest/source.ts';
import { cisaKev } from './sources/cisa-kev.ts';
import { euKev } from './sources/eu-kev.ts';

/** What ENISA takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [euKev, cisaKev];
