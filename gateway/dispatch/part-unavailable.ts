/** Says that a subgraph was not asked, or its answer not read: the hub protects itself and the other communities. */
export class PartUnavailable extends Error {
  override readonly name = 'PartUnavailable';
}
