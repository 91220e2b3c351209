import { RejectError } from '../../serve/record/reject.ts';
import type { VulnerabilityRecordContent } from '../records.ts';
import type { CsafBranch, CsafProduct, CsafTree, CsafVulnerability } from './csaf-shape.ts';

type Rows = VulnerabilityRecordContent['products'];
/** A product as it is kept with each vulnerability, before its status is known. */
type Named = Pick<Rows[number], 'vendor' | 'product' | 'versionRange' | 'cpe' | 'purl'>;

/** The words of CSAF 2.0, section 3.2.3.9. */
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

/** What all products of a document's records may take together, in characters: a document names one again and again. */
const maxText = 64 * 1024 * 1024;
/** What a row takes beside its texts. */
const rowText = 100;

/**
 * The products of one document, by their ids. Throws WRONG_SHAPE for an id that is defined twice, and TOO_LARGE where
 * its vulnerabilities name more products than a document of any honest size.
 */
export class Products {
  readonly #named: ReadonlyMap<string, Named>;
  readonly #groups: ReadonlyMap<string, readonly string[]>;
  #text = 0;

  constructor(tree: CsafTree | null | undefined) {
    this.#named = readTree(tree ?? {});
    this.#groups = new Map((tree?.product_groups ?? []).map((group) => [group.group_id, group.product_ids]));
  }

  /** The products that a vulnerability's status names, one for each status; the id stands for one that is not there. */
  of(vulnerability: CsafVulnerability): Rows {
    const justifications = this.#justificationsOf(vulnerability);
    return statuses.flatMap((status) =>
      [...new Set(vulnerability.product_status?.[status] ?? [])].map((id) => {
        const named = this.#named.get(id) ?? { ...nothing, product: id };
        this.#count(named);
        const labels = status === 'known_not_affected' ? [...(justifications.get(id) ?? [])] : [];
        return { ...named, status, justifications: labels };
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

  /** A group may be named as often as its members are many. */
  #membersOf(group: string): readonly string[] {
    const members = this.#groups.get(group) ?? [];
    this.#take(members.length * rowText);
    return members;
  }

  #count(named: Named): void {
    this.#take(Object.values(named).reduce((sum, text) => sum + (text?.length ?? 0), rowText));
  }

  #take(text: number): void {
    this.#text += text;
    if (this.#text > maxText)
      throw new RejectError(
        'TOO_LARGE',
        `products of more than ${maxText} characters, each time that they are named`,
      );
  }
}

const nothing: Named = { vendor: null, product: null, versionRange: null, cpe: null, purl: null };

function readTree(tree: CsafTree): ReadonlyMap<string, Named> {
  const named = new Map<string, Named>();
  for (const product of tree.full_product_names ?? [])
    add(named, product, { ...nothing, product: product.name });
  for (const branch of tree.branches ?? []) readBranch(named, branch, nothing);
  for (const { product_reference: component, full_product_name: whole } of tree.relationships ?? []) {
    // A component is of its own vendor and version, wherever it is built in.
    add(named, whole, { ...(named.get(component) ?? nothing), product: whole.name });
  }
  return named;
}

/** Branches are as deep as a record may be nested at most. */
function readBranch(named: Map<string, Named>, branch: CsafBranch, above: Named): void {
  const here = within(above, branch);
  if (branch.product) add(named, branch.product, { ...here, product: here.product ?? branch.product.name });
  for (const inner of branch.branches ?? []) readBranch(named, inner, here);
}

/** The innermost branch of each kind counts: a service pack is more exact than the version it is for. */
function within(above: Named, { category, name }: CsafBranch): Named {
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

function add(named: Map<string, Named>, product: CsafProduct, as: Named): void {
  const { product_id: id, product_identification_helper: helper } = product;
  if (named.has(id)) throw new RejectError('WRONG_SHAPE', 'product_tree: a product id that is defined twice');
  named.set(id, { ...as, cpe: helper?.cpe ?? as.cpe, purl: helper?.purl ?? as.purl });
}
