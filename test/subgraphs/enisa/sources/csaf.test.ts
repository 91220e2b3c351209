import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { sources } from '../../../../subgraphs/enisa/sources.ts';
import { csaf, type CsafContent } from '../../../../subgraphs/enisa/sources/csaf.ts';
import { readMarking } from '../../../../subgraphs/enisa/sources/csaf-marking.ts';
import { branch, documentOf, leaf } from './csaf-document.ts';
import { describeReal, headOf, mapAll, readReal, realPath, refusalOf } from '../../../helpers/map-all.ts';

type Changes = Parameters<typeof documentOf>[0];

const recordOf = (changes: Changes = {}) => mapAll(csaf, [documentOf(changes)])[0];
const contentOf = (changes: Changes = {}) => recordOf(changes)?.content as unknown as CsafContent;
const refusal = (changes: Changes) => refusalOf(csaf, documentOf(changes));
const isOfShape = (changes: Changes) => csaf.shape.safeParse(documentOf(changes)).success;

const platform = leaf('product_name', 'Harbour OS', 'OS');
const component = leaf('product_version', 'gate-1.0.rpm', 'RPM', { purl: 'pkg:rpm/gate@1.0' });

const both = (id: string) => ({
  category: 'default_component_of',
  product_reference: 'RPM',
  relates_to_product_reference: 'OS',
  full_product_name: { name: 'gate-1.0.rpm as a component of Harbour OS', product_id: id },
});

const markingOf = (distribution: object | undefined) =>
  recordOf({ document: { distribution } })?.says?.marking;

const restrictionsOf = (text: string, label = 'WHITE') =>
  markingOf({ text, tlp: { label } })?.extraRestrictions;

const files = () => readdirSync(realPath('enisa/csaf')).toSorted();

const contentsOf = (file: string) =>
  mapAll(csaf, [readReal(`enisa/csaf/${file}`)]).map(({ content }) => content as unknown as CsafContent);

describeReal('on the public records', () => {
  test('maps each vulnerability of the eight documents with its products, scores and remediations', () => {
    const counts = files().map((file) => {
      expect(sources.find((source) => source.recognise(headOf(`enisa/csaf/${file}`)))?.name).toBe('csaf');
      const contents = contentsOf(file);
      const sum = (of: (content: CsafContent) => number) =>
        contents.reduce((count, content) => count + of(content), 0);
      return [
        file,
        contents.length,
        sum(({ products }) => products.length),
        sum(({ cvss }) => cvss.length),
        sum(({ remediations }) => remediations?.length ?? 0),
      ];
    });
    expect(counts).toEqual([
      ['2022-evd-uc-02-na-001.json', 19, 19, 0, 0],
      ['bsi-2022-0001.json', 1, 7, 1, 1],
      ['cisco-sa-20180328-smi2.json', 1, 259, 1, 1],
      ['rhsa-2019_1862.json', 1, 0, 0, 0],
      ['rhsa-2021_5186.json', 2, 6, 0, 2],
      ['rhsa-2021_5217.json', 1, 1, 0, 1],
      ['rhsa-2022_0011.json', 1, 15, 0, 1],
      ['sec-vex-2022-0001.json', 3, 3, 0, 0],
    ]);
  });

  test('maps publisher and label of each document, and AMBER without a label; a copyright adds no restriction', () => {
    const mapped = files().flatMap((file) => mapAll(csaf, [readReal(`enisa/csaf/${file}`)]).slice(0, 1));
    expect(mapped.map(({ says }) => [says?.originator, says?.marking?.tlp, says?.marking?.rawTlp])).toEqual([
      ['csaf-publisher', 'AMBER', undefined],
      ['bsi-de', 'CLEAR', 'TLP:WHITE'],
      ['cisco', 'AMBER', undefined],
      ['red-hat', 'CLEAR', 'TLP:WHITE'],
      ['red-hat', 'CLEAR', 'TLP:WHITE'],
      ['red-hat', 'CLEAR', 'TLP:WHITE'],
      ['red-hat', 'CLEAR', 'TLP:WHITE'],
      ['csaf-publisher', 'CLEAR', 'TLP:WHITE'],
    ]);
    expect(mapped.flatMap(({ says }) => says?.marking?.extraRestrictions ?? [])).toEqual([]);
  });

  test('finds vendor and name of every product in branches and relationships', () => {
    const products = files().flatMap((file) => contentsOf(file).flatMap((content) => content.products));
    expect(products.every(({ vendor, product }) => vendor !== null && product !== null)).toBe(true);
    expect(contentsOf('rhsa-2022_0011.json')[0]?.products[0]).toMatchObject({
      vendor: 'Red Hat',
      product: expect.stringContaining(' as a component of Red Hat Enterprise Linux Server AUS (v. 7.6)'),
      versionRange: 'telnet-1:0.17-65.el7_6.src',
      status: 'fixed',
    });
    expect(contentsOf('cisco-sa-20180328-smi2.json')[0]?.products[0]).toMatchObject({
      vendor: 'Cisco',
      product: expect.stringMatching(/^IOS/),
      status: 'known_affected',
    });
  });

  test('keeps the justification of a product that is not affected', () => {
    const [record] = contentsOf('sec-vex-2022-0001.json');
    expect(record).toMatchObject({
      cveId: 'CVE-2021-44228',
      products: [{ status: 'known_not_affected', justifications: ['component_not_present'] }],
      impact: { value: 'Secvisogram is written in JavaScript. No Java is included.' },
    });
  });
});

describe('a vulnerability of a document', () => {
  test('maps a vulnerability to a record with its CVE id, its own times and those of the document', () => {
    expect(recordOf({ vulnerability: { release_date: '2026-08-01T00:00:00Z' } })).toMatchObject({
      kind: 'VulnerabilityRecord',
      localId: 'https://psirt.exercise.invalid EX-2099-1 CVE-2099-10001',
      names: ['Vulnerability:CVE-2099-10001'],
      sortAt: new Date('2026-08-01T00:00:00Z'),
      content: {
        title: { value: 'EXERCISE: an advisory', lang: 'en' },
        publishedAt: { utc: new Date('2026-08-01T00:00:00Z') },
        updatedAt: { utc: new Date('2026-09-02T10:00:00Z') },
      },
      says: { reportedAt: { utc: new Date('2026-09-01T10:00:00Z') } },
    });
    expect(contentOf().publishedAt?.utc).toEqual(new Date('2026-09-01T10:00:00Z'));
  });

  test('is identified by its EUVD id without a CVE id, and by its document without both', () => {
    const ids = [
      { system_name: 'EUVD', text: 'euvd-2099-7' },
      { system_name: 'A tracker', text: '#78' },
    ];
    const [euvd] = mapAll(csaf, [documentOf({ vulnerability: { cve: undefined, ids } })]);
    expect(euvd).toMatchObject({
      names: ['Vulnerability:EUVD-2099-7'],
      content: { vulnerability: 'EUVD-2099-7', cveId: null, aliases: ['#78'] },
    });
    const none = mapAll(csaf, [documentOf({ vulnerabilities: [{}, { ids: [ids[1]] }] })]);
    expect(none.map(({ localId, names }) => [localId.split(' ').at(-1), names])).toEqual([
      ['0', []],
      ['#78', []],
    ]);
  });

  test('keeps the most specific notes, and each remediation and score once', () => {
    const cvss3 = {
      version: '3.1',
      baseScore: 6.1,
      baseSeverity: 'MEDIUM',
      vectorString: 'CVSS:3.1/AV:L',
    };
    const content = contentOf({
      vulnerability: {
        cwe: { id: 'CWE-611', name: 'XXE' },
        notes: [
          { category: 'general', text: 'EXERCISE: general' },
          { category: 'summary', text: 'EXERCISE: one' },
          { category: 'summary', text: 'EXERCISE: two' },
        ],
        scores: [
          { cvss_v3: cvss3, products: ['P-1'] },
          { cvss_v3: cvss3, products: ['P-2'] },
          { cvss_v2: { version: '2.0', baseScore: 4, vectorString: 'AV:L' }, products: ['P-1'] },
        ],
        remediations: [
          { category: 'vendor_fix', details: 'EXERCISE: update', url: 'https://exercise.invalid/fix' },
          { category: 'no_fix_planned', details: 'EXERCISE: none', url: 'javascript:alert(1)' },
        ],
        references: [
          { category: 'external', url: 'https://exercise.invalid/a', summary: 'a' },
          { category: 'external', url: 'javascript:alert(1)', summary: 'b' },
        ],
        acknowledgments: [{ names: ['A Person'] }],
      },
    });
    expect(content).toMatchObject({
      cwes: ['CWE-611'],
      description: { value: 'EXERCISE: one\n\nEXERCISE: two', lang: 'en' },
      cvss: [
        { version: '3.1', score: 6.1, severity: 'MEDIUM', scoredBy: 'EXERCISE Fjordsoft' },
        { version: '2.0', score: 4, severity: null },
      ],
      remediations: [
        { category: 'VENDOR_FIX', text: { value: 'EXERCISE: update' }, url: 'https://exercise.invalid/fix' },
        { category: 'NO_FIX_PLANNED', url: null },
      ],
      references: ['https://exercise.invalid/a'],
    });
    expect(JSON.stringify(content)).not.toContain('A Person');
  });
});

describe('products', () => {
  test('have one row for each status, with vendor and version of the branches above', () => {
    const status = {
      known_affected: ['P-1', 'P-1'],
      first_affected: ['P-1'],
      fixed: ['P-2'],
      of_no_csaf: ['P-1'],
    };
    expect(contentOf({ vulnerability: { product_status: status } }).products).toEqual(
      [
        ['first_affected', '1.0', 'cpe:/a:fjordsoft:gate:1.0', null],
        ['fixed', '<2.0', null, 'pkg:generic/gate'],
        ['known_affected', '1.0', 'cpe:/a:fjordsoft:gate:1.0', null],
      ].map(([word, versionRange, cpe, purl]) => ({
        vendor: 'Fjordsoft',
        product: 'Transfer Gate',
        versionRange,
        cpe,
        purl,
        status: word,
        justifications: [],
      })),
    );
  });

  test('of a relationship have vendor and version of the component, and the combined name', () => {
    const tree = {
      branches: [branch('vendor', 'Fjordsoft', [platform, component])],
      relationships: [both('OS:RPM')],
    };
    const [product] = contentOf({ tree, vulnerability: { product_status: { fixed: ['OS:RPM'] } } }).products;
    expect(product).toMatchObject({
      vendor: 'Fjordsoft',
      product: 'gate-1.0.rpm as a component of Harbour OS',
      versionRange: 'gate-1.0.rpm',
      purl: 'pkg:rpm/gate@1.0',
    });
  });

  test('have their id as name if the tree does not define them', () => {
    const tree = { full_product_names: [{ name: 'Gate 1.0', product_id: 'P-1' }] };
    const products = contentOf({
      tree,
      vulnerability: { product_status: { fixed: ['P-1', 'constructor'] } },
    }).products;
    expect(products.map(({ product }) => product)).toEqual(['Gate 1.0', 'constructor']);
  });

  test('that are not affected have justifications, also through product groups', () => {
    const tree = {
      branches: [branch('vendor', 'Fjordsoft', [platform, component])],
      product_groups: [{ group_id: 'G', product_ids: ['OS', 'RPM'] }],
    };
    const flags = [
      { label: 'component_not_present', group_ids: ['G', 'none'] },
      { label: 'vulnerable_code_not_present', product_ids: ['RPM'] },
    ];
    const status = { known_not_affected: ['OS', 'RPM'], known_affected: ['OS'] };
    const { products } = contentOf({ tree, vulnerability: { product_status: status, flags } });
    expect(products.map(({ status: word, justifications }) => [word, justifications])).toEqual([
      ['known_affected', []],
      ['known_not_affected', ['component_not_present']],
      ['known_not_affected', ['component_not_present', 'vulnerable_code_not_present']],
    ]);
  });

  test('are rejected if an id is defined twice', () => {
    const tree = { branches: [branch('vendor', 'Fjordsoft', [platform, platform])] };
    expect(refusal({ tree })).toEqual(['WRONG_SHAPE', 'product_tree: a product id is defined twice']);
    const twice = { branches: [platform, component], relationships: [both('OS')] };
    expect(refusal({ tree: twice })?.[0]).toBe('WRONG_SHAPE');
  });

  test('are rejected before a small document that names them many times fills the memory', () => {
    const ids = Array.from({ length: 1000 }, (_, at) => `P-${at}`);
    const tree = { full_product_names: ids.map((id) => ({ product_id: id, name: id.padEnd(900, 'x') })) };
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        cve: `CVE-2099-${20_000 + at}`,
        product_status: { fixed: ids },
      }));
    expect(refusal({ tree, vulnerabilities: many(10) })).toBeNull();
    expect(refusal({ tree, vulnerabilities: many(100) })?.[0]).toBe('TOO_LARGE');
    const groups = { product_groups: [{ group_id: 'G', product_ids: ids }] };
    const flag = { label: 'component_not_present', group_ids: Array.from({ length: 1000 }, () => 'G') };
    expect(refusal({ tree: groups, vulnerability: { flags: [flag] } })?.[0]).toBe('TOO_LARGE');
  });
});

describe('the marking of a document', () => {
  test.each([
    ['WHITE', { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' }],
    ['GREEN', { tlp: 'GREEN' }],
    ['AMBER', { tlp: 'AMBER' }],
    ['RED', { tlp: 'RED' }],
  ])('is read from the label %s', (label, expected) => {
    expect(markingOf({ tlp: { label } })).toEqual(expected);
  });

  test('is AMBER without a label unless the import sets one; an unknown label is rejected', () => {
    expect(markingOf(undefined)).toEqual({ tlp: 'AMBER' });
    expect(markingOf({ text: '' })).toEqual({ tlp: 'AMBER' });
    const { document } = csaf.shape.parse(documentOf({ document: { distribution: undefined } }));
    expect(readMarking(document, { isTlpGiven: true })).toEqual({});
    expect(refusal({ document: { distribution: { tlp: { label: 'ORANGE' } } } })?.[0]).toBe('WRONG_MARKING');
  });

  test.each([
    'Copyright © 2099 Fjordsoft, Inc. All rights reserved.',
    'This document is licensed under CC BY 4.0',
    '© 2097-2099 EXERCISE Fjordsoft',
    'Copyright (c) 2099 by Fjordsoft GmbH. CC BY-SA 4.0',
    'Published under the Creative Commons Attribution 4.0 International License',
    'Creative Commons',
  ])('has no restriction for the terms %s', (text) => {
    expect(restrictionsOf(text)).toBeUndefined();
  });

  test.each([
    'For customers of Fjordsoft',
    'Copyright 2099 Fjordsoft. For customers',
    'Copyright 2099 Fjordsoft, for internal use',
    'Do not redistribute',
    'TLP:AMBER',
    'Licensed to Fjordsoft customers under contract',
    'All rights reserved to members of the programme',
    'Copyright 2099 Another Company',
    'Copyright 2099 Fjordsoft, for customers under licence',
    'CC BY 4.0 for members of the programme',
    'CC BY-NC-ND 4.0',
  ])('has an extra restriction for the text %s', (text) => {
    expect(restrictionsOf(text)).toEqual([text]);
  });

  test.each([
    ['draft', 'DRAFT'],
    ['interim', 'ACTIVE'],
    ['final', 'ACTIVE'],
  ])('sets the state of records: a document that is %s gives %s', (status, state) => {
    expect(recordOf({ tracking: { status } })?.says?.recordState).toBe(state);
  });

  test.each([
    ['https://www.redhat.com', 'red-hat'],
    ['https://redhat.com.exercise.invalid', 'csaf-publisher'],
    ['redhat.com', 'csaf-publisher'],
    ['constructor', 'csaf-publisher'],
    ['https://constructor', 'csaf-publisher'],
  ])('maps the namespace %s to %s', (namespace, originator) => {
    const publisher = { category: 'vendor', name: 'Red Hat', namespace };
    expect(recordOf({ document: { publisher } })?.says?.originator).toBe(originator);
  });

  test('takes the source address from the reference of category self', () => {
    const references = [
      { category: 'external', url: 'https://exercise.invalid/x' },
      { category: 'self', url: 'javascript:alert(1)' },
      { category: 'self', url: 'https://exercise.invalid/self.json' },
    ];
    expect(recordOf({ document: { references } })?.says?.sourceUrl).toBe(
      'https://exercise.invalid/self.json',
    );
    expect(recordOf()?.says?.sourceUrl).toBeNull();
  });
});

describe('a document that is not of CSAF 2.0', () => {
  test.each([
    ['of another version', { document: { csaf_version: '2.1' } }],
    ['of an unknown status', { tracking: { status: 'secret' } }],
    [
      'with a score beyond ten',
      { vulnerability: { scores: [{ cvss_v3: { version: '3.1', baseScore: 11 } }] } },
    ],
    [
      'with a name longer than a thousand',
      { tree: { full_product_names: [{ product_id: 'P', name: 'x'.repeat(1001) }] } },
    ],
    ['with products that are not a list', { vulnerability: { product_status: { fixed: 'P-1' } } }],
  ])('is rejected %s', (_name, changes) => {
    expect(isOfShape({})).toBe(true);
    expect(isOfShape(changes)).toBe(false);
  });

  test('is rejected without its values in the message', () => {
    expect(refusal({ vulnerability: { cve: 'CVE-HIDDEN' } })).toEqual([
      'WRONG_SHAPE',
      'vulnerabilities.0.cve: expected a CVE id',
    ]);
    for (const category of ['hidden', 'constructor'])
      expect(refusal({ vulnerability: { remediations: [{ category, details: 'x' }] } })).toBeNull();
    expect(refusal({ tracking: { current_release_date: '2026-02-30T00:00:00Z' } })?.[0]).toBe('WRONG_DATE');
  });
});
