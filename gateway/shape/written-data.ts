/**
 * The data of an answer as its JSON text. It stands for the data in a result, so that nobody parses the text only to
 * print it again.
 */
export class WrittenData {
  readonly text: string;
  #parsed: Data | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The data, parsed when it is needed first. */
  get data(): Data {
    this.#parsed ??= JSON.parse(this.text) as Data;
    return this.#parsed;
  }

  toJSON(): Data {
    return this.data;
  }
}

type Data = Readonly<Record<string, unknown>> | null;

/** Returns the JSON text of a result. The text of written data is used as it is. */
export function stringifyResult(result: { readonly data?: unknown }): string {
  const { data } = result;
  if (!(data instanceof WrittenData)) return JSON.stringify(result);
  const texts = Object.entries(result).flatMap(([key, value]) => {
    const text = value instanceof WrittenData ? value.text : JSON.stringify(value);
    return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
  });
  return `{${texts.join(',')}}`;
}
