import { z } from 'zod';
import type { Tolerance } from '../../serve/ingest/sources/source.ts';

const text = z.string().nullish();
/** The length is limited because each record copies the names of its products. */
const name = z.string().min(1).max(1000);
const ids = z.array(name).nullish();
const helper = z
  .looseObject({ cpe: z.string().max(1000).nullish(), purl: z.string().max(1000).nullish() })
  .nullish();
const product = z.looseObject({ product_id: name, name, product_identification_helper: helper });
const branch = z.looseObject({
  category: z.string(),
  name,
  product: product.nullish(),
  get branches() {
    return z.array(branch).nullish();
  },
});
const note = z.looseObject({ category: z.string(), text: z.string() });
const reference = z.looseObject({ url: z.string(), category: text });
const score = z.number().min(0).max(10);
const cvss = z.looseObject({
  version: z.string().max(10),
  baseScore: score,
  vectorString: text,
  baseSeverity: text,
});

const vulnerability = z.looseObject({
  cve: text,
  ids: z.array(z.looseObject({ system_name: z.string(), text: name })).nullish(),
  title: z.string().max(1000).nullish(),
  cwe: z.looseObject({ id: z.string().max(100) }).nullish(),
  notes: z.array(note).nullish(),
  release_date: text,
  references: z.array(reference).nullish(),
  product_status: z.record(z.string(), z.array(name)).nullish(),
  remediations: z.array(z.looseObject({ category: z.string(), details: z.string(), url: text })).nullish(),
  scores: z
    .array(z.looseObject({ cvss_v2: cvss.nullish(), cvss_v3: cvss.nullish(), cvss_v4: cvss.nullish() }))
    .nullish(),
  flags: z.array(z.looseObject({ label: z.string().max(100), product_ids: ids, group_ids: ids })).nullish(),
  threats: z.array(z.looseObject({ category: z.string(), details: z.string() })).nullish(),
});

/** The parts of a CSAF 2.0 document that the import reads. VEX is a profile of CSAF. */
export const csafShape = z.looseObject({
  document: z.looseObject({
    csaf_version: z.literal('2.0'),
    category: text,
    notes: z.array(note).nullish(),
    title: name,
    lang: z.string().max(100).nullish(),
    distribution: z.looseObject({ text, tlp: z.looseObject({ label: z.string() }).nullish() }).nullish(),
    publisher: z.looseObject({ name, namespace: name }),
    references: z.array(reference).nullish(),
    tracking: z.looseObject({
      id: name,
      status: z.enum(['draft', 'interim', 'final']),
      initial_release_date: z.string(),
      current_release_date: z.string(),
      version: text,
    }),
  }),
  product_tree: z
    .looseObject({
      branches: z.array(branch).nullish(),
      full_product_names: z.array(product).nullish(),
      product_groups: z.array(z.looseObject({ group_id: name, product_ids: z.array(name) })).nullish(),
      relationships: z
        .array(
          z.looseObject({
            product_reference: name,
            relates_to_product_reference: name,
            full_product_name: product,
          }),
        )
        .nullish(),
    })
    .nullish(),
  vulnerabilities: z.array(vulnerability).nullish(),
});

/** A fault in a text or a score costs that part. Markings, ids, products and versions must be valid. */
export const csafTolerance: Tolerance = {
  strict: [
    'csaf_version',
    'distribution',
    'publisher',
    'tracking',
    'product_tree',
    'product_status',
    'flags',
    'cve',
    'ids',
  ],
  whole: ['vulnerabilities'],
};

export type CsafDocument = z.infer<typeof csafShape>;
/** A vulnerability of a CSAF document. */
export type CsafVulnerability = z.infer<typeof vulnerability>;
/** The product tree of a CSAF document. */
export type CsafTree = NonNullable<CsafDocument['product_tree']>;
/** A product of a product tree. */
export type CsafProduct = z.infer<typeof product>;
/** A branch of a product tree. */
export type CsafBranch = z.infer<typeof branch>;
