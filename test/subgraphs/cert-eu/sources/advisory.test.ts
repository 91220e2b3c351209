import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { type AdvisoryContent, certEuAdvisory } from '../../../../subgraphs/cert-eu/sources/advisory.ts';
import { headOf, mapAll, readReal, realPath, refusalOf, describeReal } from '../../../helpers/map-all.ts';

const advisory = {
  title: 'EXERCISE: Critical Vulnerabilities in Transfer Gate',
  serial_number: '2099-001',
  publish_date: '16-09-2026 08:30:00',
  description: 'EXERCISE.<br>cve-2099-10003 is not affected.',
  content_markdown: [
    '_History:_\n\n* _1/09/2026 --- v1.0 -- Initial publication_\n* _16/09/2026 --- v1.1 -- Updated: CVE added_\n',
    '# Summary\n\nIt concerns **CVE-2099-10001**.\n',
    '# **[Update]** Technical details\n\n```\n# Recommendations\nrm -r /exercise\n```\n',
    '## Detection\n\nLook at the log.\n',
    '# Products Affected\n\n- All\n',
    '# Recommendations\n\nUpdate.\n\n## Workarounds\n\nPull the plug.\n',
    '# Detection\n\nLook again.\n',
    '# References\n\n[1] <https://exercise.invalid/cve-2099-10009/poc>\n[2] <https://exercise.invalid/CVE-2099-10002>',
  ].join('\n'),
  licence: { title: 'EXERCISE' },
  file_item: { filename: 'EXERCISE.pdf' },
};

function contentOf(record: unknown): AdvisoryContent {
  return mapAll(certEuAdvisory, [record])[0]?.content as AdvisoryContent;
}

function readAll(): readonly AdvisoryContent[] {
  return readdirSync(realPath('cert-eu/advisories')).map((file) =>
    contentOf(readReal(`cert-eu/advisories/${file}`)),
  );
}

describeReal('on the public records', () => {
  test('maps all 260 advisories with their parts, history and references', () => {
    const all = readAll();
    expect(all).toHaveLength(260);
    expect(new Set(all.map((one) => one.serial)).size).toBe(260);
    expect(all.filter((one) => one.summary === null)).toEqual([]);
    expect(all.filter((one) => one.recommendations === null)).toEqual([]);
    expect(all.filter((one) => one.affectedProducts === null)).toEqual([]);
    expect(all.filter((one) => one.references.length === 0)).toEqual([]);
    expect(all.filter((one) => one.versions.length === 0)).toEqual([]);
    // This one has only a summary.
    const without = all.filter((one) => one.technicalDetails === null).map((one) => one.serial);
    expect(without).toEqual(['2025-029']);
    expect(certEuAdvisory.recognise(headOf('cert-eu/advisories/2025-027.json'))).toBe(true);
  });

  test('shares 139 CVEs with CISA KEV and 12 with EU KEV, without one that is only in the address of a link', () => {
    const named = new Set(readAll().flatMap((one) => one.vulnerabilities));
    const cisa = (readReal('enisa/cisa-kev.json') as { vulnerabilities: { cveID: string }[] })
      .vulnerabilities;
    const eu = readReal('enisa/eu-kev.json') as { cveID: string }[];
    expect(cisa.filter(({ cveID }) => named.has(cveID))).toHaveLength(139);
    expect(eu.filter(({ cveID }) => named.has(cveID))).toHaveLength(12);
    // Advisory 2023-059 speaks of CVE-2023-36845; the other is in the names of pages that it links to.
    expect(contentOf(readReal('cert-eu/advisories/2023-059.json')).vulnerabilities).toEqual([
      'CVE-2023-36845',
    ]);
    expect(cisa.some(({ cveID }) => cveID === 'CVE-2023-36844')).toBe(true);
  });

  test('maps all fields of advisory 2025-027', () => {
    const content = contentOf(readReal('cert-eu/advisories/2025-027.json'));
    expect(content).toMatchObject({
      serial: '2025-027',
      exploitedInTheWild: 'YES',
      publishedAt: { utc: new Date('2025-07-24T09:03:42Z'), precision: 'SECOND' },
      file: { name: 'CERT-EU-SA2025-027.pdf', mediaType: 'application/pdf' },
    });
    expect(content.vulnerabilities).toEqual(['CVE-2025-53770', 'CVE-2025-53771', 'CVE-2025-49706']);
    expect(content.versions.map((one) => one.version)).toEqual(['1.0', '1.1', '1.2', '1.3']);
    expect(content.references).toHaveLength(6);
    expect(content.recommendations?.value).toContain('## Threat Hunting');
  });

  test('gives YES for the 49 advisories that state exploitation, and UNKNOWN for the others', () => {
    const all = readAll();
    expect(all.filter((one) => one.exploitedInTheWild === 'YES')).toHaveLength(49);
    const stateOf = (serial: string) => all.find((one) => one.serial === serial)?.exploitedInTheWild;
    // Not aware of any instance; no reports yet; not actively exploited; no evidence; potentially exploited.
    for (const serial of ['2023-015', '2023-026', '2023-028', '2023-060', '2024-030', '2024-018']) {
      expect([serial, stateOf(serial)]).toEqual([serial, 'UNKNOWN']);
    }
  });
});

test('splits parts at known headings, but not inside code blocks or at other headings', () => {
  const content = contentOf(advisory);
  expect(content.summary?.value).toBe('It concerns **CVE-2099-10001**.');
  expect(content.technicalDetails?.value).toContain('# Recommendations\nrm -r');
  expect(content.technicalDetails?.value).toContain('## Detection\n\nLook at the log.');
  expect(content.affectedProducts?.value).toBe('- All');
  expect(content.recommendations?.value).toMatch(
    /^Update\.[^]*Pull the plug\.[^]*# Detection\n\nLook again\.$/,
  );
  expect(content.versions).toMatchObject([
    { version: '1.0', date: { utc: new Date('2026-09-01') }, change: 'Initial publication' },
    { version: '1.1', date: { utc: new Date('2026-09-16') }, change: 'Updated: CVE added' },
  ]);
});

test('finds CVE ids in any case, but only in upper case in web addresses', () => {
  const [mapped] = mapAll(certEuAdvisory, [advisory]);
  expect(mapped?.names).toEqual([
    'Vulnerability:CVE-2099-10003',
    'Vulnerability:CVE-2099-10001',
    'Vulnerability:CVE-2099-10002',
  ]);
});

test.each([
  ['This flaw is actively exploited.', 'YES'],
  ['**It is being\nexploited** in the wild [1].', 'YES'],
  ['There was exploitation of it in the wild.', 'YES'],
  ['The vendor is not aware of any instance where this was\nexploited in the wild.', 'UNKNOWN'],
  ["It hasn't been actively exploited.", 'UNKNOWN'],
  ['It could be actively exploited by ransomware groups.', 'UNKNOWN'],
  ['See <https://exercise.invalid/exploited-in-the-wild>.', 'UNKNOWN'],
  ['If exploited in the wild, it would be bad.', 'UNKNOWN'],
])('reads "%s" as %s', (text, state) => {
  const content = contentOf({ ...advisory, content_markdown: `# Summary\n\n${text}` });
  expect(content.exploitedInTheWild).toBe(state);
});

test('rejects an invalid serial number and dates that do not exist', () => {
  expect(refusalOf(certEuAdvisory, { ...advisory, serial_number: '../x' })?.[0]).toBe('WRONG_SHAPE');
  expect(refusalOf(certEuAdvisory, { ...advisory, publish_date: '31-02-2026 08:30:00' })?.[0]).toBe(
    'WRONG_DATE',
  );
  const history = '* _31/02/2026 --- v1.0 -- Initial publication_\n\n# Summary\n\nEXERCISE';
  const [misprinted] = mapAll(certEuAdvisory, [{ ...advisory, content_markdown: history }]);
  expect(misprinted?.content['versions']).toEqual([
    { version: '1.0', date: null, change: 'Initial publication' },
  ]);
});

test.each([' ', '#', '\n', '`', '\n# ', '* _', '\n* ', '.', 'https://', 'exploitation ', '1/1/2000 '])(
  'maps a text with a megabyte of %j in bounded time',
  (piece) => {
    const text = `# Summary\n# a${piece.repeat(1_000_000 / piece.length)}x`;
    const started = performance.now();
    mapAll(certEuAdvisory, [{ ...advisory, content_markdown: text }]);
    expect(performance.now() - started).toBeLessThan(30_000);
  },
);
