/** Returns the value of `RecordKind` for a type of record: `MISP_EVENT` for `MispEvent`. */
export function nameOfKind(type: string): string {
  return type.replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2').toUpperCase();
}
