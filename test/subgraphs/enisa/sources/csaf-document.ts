/** Makes a fictitious CSAF document, with changes to its parts. */
export function documentOf(
  changes: {
    readonly document?: object;
    readonly tracking?: object;
    readonly tree?: object;
    readonly vulnerability?: object;
    readonly vulnerabilities?: readonly object[];
  } = {},
) {
  const vulnerability = {
    cve: 'CVE-2099-10001',
    product_status: { known_affected: ['P-1'] },
    ...changes.vulnerability,
  };
  return {
    document: {
      category: 'csaf_security_advisory',
      csaf_version: '2.0',
      title: 'EXERCISE: an advisory',
      lang: 'en',
      publisher: {
        category: 'vendor',
        name: 'EXERCISE Fjordsoft',
        namespace: 'https://psirt.exercise.invalid',
      },
      distribution: { tlp: { label: 'WHITE' } },
      tracking: {
        id: 'EX-2099-1',
        status: 'final',
        version: '1',
        initial_release_date: '2026-09-01T10:00:00Z',
        current_release_date: '2026-09-02T10:00:00Z',
        ...changes.tracking,
      },
      ...changes.document,
    },
    product_tree: changes.tree ?? {
      branches: [
        branch('vendor', 'Fjordsoft', [
          branch('product_family', 'Gates', [
            branch('product_name', 'Transfer Gate', [
              leaf('product_version', '1.0', 'P-1', { cpe: 'cpe:/a:fjordsoft:gate:1.0' }),
              leaf('product_version_range', '<2.0', 'P-2', { purl: 'pkg:generic/gate' }),
            ]),
          ]),
        ]),
      ],
    },
    vulnerabilities: changes.vulnerabilities ?? [vulnerability],
  };
}

/** Makes a branch of a product tree. */
export const branch = (category: string, name: string, branches: readonly object[]) => ({
  category,
  name,
  branches,
});

/** Makes a branch with a product. */
export const leaf = (category: string, name: string, id: string, helper?: object) => ({
  category,
  name,
  product: { name: `EXERCISE ${name}`, product_id: id, product_identification_helper: helper },
});
