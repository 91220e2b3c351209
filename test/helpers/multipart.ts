/** Returns the JSON parts of a multipart body, as an answer with `@defer` has. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers by path
export function partsOf(body: string): readonly any[] {
  return body.split('\r\n---').flatMap((part) => {
    const json = part.split('\r\n\r\n')[1];
    return json === undefined ? [] : [JSON.parse(json)];
  });
}
