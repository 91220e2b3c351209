/** The web addresses in a text, each once, in their order: catalogues write them between commas and semicolons. */
export function findUrls(text: string): readonly string[] {
  const found = text.match(/https?:\/\/(?:(?![;,]\s*https?:\/\/)[^\s<>"])+/gi) ?? [];
  return [...new Set(found.map((url) => url.replace(/[.,;:]+$/, '')))];
}
