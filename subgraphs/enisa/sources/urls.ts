/** Returns the web addresses in a text, without repeats. Commas and semicolons may separate them. */
export function findUrls(text: string): readonly string[] {
  const found = text.match(/https?:\/\/(?:(?![;,]\s*https?:\/\/)[^\s<>"])+/gi) ?? [];
  const urls = found.filter((url) => url.length <= maxUrl);
  return [...new Set(urls.map((url) => url.replace(/[.,;:]+$/, '')))];
}

const maxUrl = 2048;
