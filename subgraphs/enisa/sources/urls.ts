/** The web addresses in a text, each once, in their order: catalogues write them between commas and semicolons. */
export function findUrls(text: string): readonly string[] {
  const found = text.match(/https?:\/\/(?:(?![;,]\s*https?:\/\/)[^\s<>"])+/gi) ?? [];
  const urls = found.filter((url) => url.length <= longestUrl);
  return [...new Set(urls.map((url) => url.replace(/[.,;:]+$/, '')))];
}

const longestUrl = 2048;
