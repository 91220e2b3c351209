import { RejectError } from '../../serve/record/reject.ts';
import type { CsafBranch, CsafProduct, CsafTree, CsafVulnerability } from './csaf-shape.ts';

/** A product of the product tree, without a status. */
type Product = {
  readonly vendor: string | null;
  readonly product: string | null;
  readonly versionRange: string | null;
  readonly cpe: string | null;
  readonly purl: string | null;
};
type ProductStatus = Product & { readonly status: string; readonly justifications: readonly string[] };

/** The product statuses of CSAF 2.0, section 3.2.3.9. */
const statuses = [
  'first_affected',
  'first_fixed',
  'fixed',
  'known_affected',
  'known_not_affected',
  'last_affected',
  'recommended',
  'under_investigation',
] as const;

/** The maximum size of all product rows of a document, in characters. A small document can name a product many times. */
const maxText = 64 * 1024 * 1024;
/** The size that a row counts in addition to its texts. */
const rowText = 100;

/**
 * The products of one document, by id. Throws WRONG_SHAPE for an id that is defined twice, and TOO_LARGE if the rows of
 * all vulnerabilities exceed the maximum size.
 */
export class Products {
  readonly #products: ReadonlyMap<string, Product>;
  readonly #groups: ReadonlyMap<string, readonly string[]>;
  #size = 0;

  constructor(tree: CsafTree | null | undefined) {
    this.#products = readTree(tree ?? {});
    this.#groups = new Map((tree?.product_groups ?? []).map((group) => [group.group_id, group.product_ids]));
  }

  /** Returns one row for each product and status. A product that the tree does not define has its id as its name. */
  of(vulnerability: CsafVulnerability): readonly ProductStatus[] {
    const justifications = this.#justificationsOf(vulnerability);
    return statuses.flatMap((status) =>
      [...new Set(vulnerability.product_status?.[status] ?? [])].map((id) => {
        const product = this.#products.get(id) ?? { ...unknownProduct, product: id };
        this.#count(product);
        const labels = status === 'known_not_affected' ? [...(justifications.get(id) ?? [])] : [];
        return { ...product, status, justifications: labels };
      }),
    );
  }

  #justificationsOf({ flags }: CsafVulnerability): ReadonlyMap<string, ReadonlySet<string>> {
    const labels = new Map<string, Set<string>>();
    for (const { label, product_ids: ids, group_ids: groups } of flags ?? []) {
      const grouped = (groups ?? []).flatMap((group) => this.#membersOf(group));
      for (const id of [...(ids ?? []), ...grouped]) {
        const known = labels.get(id) ?? new Set();
        labels.set(id, known.add(label));
      }
    }
    return labels;
  }

  /** Counts the members: a document can name a group of a thousand products a thousand times. */
  #membersOf(group: string): readonly string[] {
    const members = this.#groups.get(group) ?? [];
    this.#addSize(members.length * rowText);
    return members;
  }

  #count(product: Product): void {
    this.#addSize(Object.values(product).reduce((sum, text) => sum + (text?.length ?? 0), rowText));
  }

  #addSize(characters: number): void {
    this.#size += characters;
    if (this.#size > maxText)
      throw new RejectError(
        'TOO_LARGE',
        `the product rows of all vulnerabilities exceed ${maxText} characters`,
      );
  }
}

const unknownProduct: Product = { vendor: null, product: null, versionRange: null, cpe: null, purl: null };

function readTree(tree: CsafTree): ReadonlyMap<string, Product> {
  const named = new Map<string, Product>();
  for (const product of tree.full_product_names ?? [])
    add(named, product, { ...unknownProduct, product: product.name });
  for (const branch of tree.branches ?? []) readBranch(named, branch, unknownProduct);
  for (const { product_reference: component, full_product_name: whole } of tree.relationships ?? []) {
    // The row describes the component, not the product that it is part of.
    add(named, whole, { ...(named.get(component) ?? unknownProduct), product: whole.name });
  }
  return named;
}

/** Recursion is bounded by the maximum nesting depth of a record. */
function readBranch(named: Map<string, Product>, branch: CsafBranch, above: Product): void {
  const here = within(above, branch);
  if (branch.product) add(named, branch.product, { ...here, product: here.product ?? branch.product.name });
  for (const inner of branch.branches ?? []) readBranch(named, inner, here);
}

/** The innermost branch of each category wins: a service pack is more exact than the version that it is for. */
function within(above: Product, { category, name }: CsafBranch): Product {
  if (category === 'vendor') return { ...above, vendor: name };
  if (category === 'product_name' || (category === 'product_family' && above.product === null))
    return { ...above, product: name };
  return versions.has(category) ? { ...above, versionRange: name } : above;
}

const versions: ReadonlySet<string> = new Set([
  'product_version',
  'product_version_range',
  'service_pack',
  'patch_level',
]);

function add(named: Map<string, Product>, product: CsafProduct, as: Product): void {
  const { product_id: id, product_identification_helper: helper } = product;
  if (named.has(id)) throw new RejectError('WRONG_SHAPE', 'product_tree: a product id is defined twice');
  named.set(id, { ...as, cpe: helper?.cpe ?? as.cpe, purl: helper?.purl ?? as.purl });
}
