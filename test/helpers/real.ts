import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { realData } from './standing.ts';

/** A test on the public records. It is skipped, and counted as skipped, if they do not exist. */
export const testOnReal = existsSync(realData) ? test : test.skip;

/** Reads a JSON file of the public records, of the type that the test names. */
// The type of the file is known to the caller only: without the parameter each call would need a type assertion.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function readReal<Value>(path: string): Value {
  return JSON.parse(readFileSync(join(realData, path), 'utf8')) as Value;
}

/** Returns the CVE ids in the title, description and text of each CERT-EU advisory. Slugs of links are not ids. */
export function advisoryCves(): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(join(realData, 'cert-eu/advisories'));
  return new Map(
    files.map((file) => {
      type File = { serial_number: string; title: string; description: string; content_markdown: string };
      const {
        serial_number: serial,
        title,
        description,
        content_markdown: text,
      } = readReal<File>(`cert-eu/advisories/${file}`);
      const ids = `${title}\n${description}\n${text}`.match(/CVE-\d{4}-\d{4,}/g) ?? [];
      return [serial, [...new Set(ids)]];
    }),
  );
}

/** Returns the CVE ids of the CISA and EU catalogues. */
export function catalogueCves(): { readonly cisa: ReadonlySet<string>; readonly eu: ReadonlySet<string> } {
  const cisa = readReal<{ vulnerabilities: { cveID: string }[] }>('enisa/cisa-kev.json').vulnerabilities;
  const eu = readReal<{ cveID?: string }[]>('enisa/eu-kev.json');
  return {
    cisa: new Set(cisa.map(({ cveID }) => cveID)),
    eu: new Set(eu.flatMap(({ cveID }) => cveID ?? [])),
  };
}
