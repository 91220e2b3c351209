/** The maximum size of one value in a log line. A line of the hub has a few such values. */
const max = { text: 2000, items: 20, depth: 6, whole: 8000 };

/** Returns a text, shortened to `most` characters with the number of those that are left out. */
export function boundedText(text: string, most = max.text): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).toWellFormed()}... (${text.length - most} more characters)`;
}

/**
 * Returns a copy of a value for the log: texts of 2,000 characters, 20 members of each list and object, 6 levels, and
 * 8,000 characters in all at most. An error becomes its type, message, code, stack and cause. Reads no more of the
 * value than it returns, whatever its size.
 */
export function boundedValue(value: unknown): unknown {
  return new Copy().of(value, 0);
}

class Copy {
  #left = max.whole;

  of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return this.#text(String(value));
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= max.depth || this.#left <= 0) return '...';
    this.#left -= 8;
    if (value instanceof Error) return this.#object(membersOfError(value), depth);
    if (value instanceof Date) return value;
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
  }

  #text(text: string): string {
    const kept = boundedText(text, Math.max(0, Math.min(max.text, this.#left)));
    this.#left -= kept.length;
    return kept;
  }

  #list(values: readonly unknown[], depth: number): unknown[] {
    const kept = values.slice(0, max.items).map((one) => this.of(one, depth + 1));
    return values.length > max.items ? [...kept, `... (${values.length - max.items} more)`] : kept;
  }

  #object(value: object, depth: number): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    let count = 0;
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      if (count >= max.items) {
        kept['...'] = 'more members';
        break;
      }
      count += 1;
      kept[this.#text(key)] = this.of((value as Record<string, unknown>)[key], depth + 1);
    }
    return kept;
  }
}

/** The members that pino logs of an error. The stack starts with the message, so the message is cut out of it. */
function membersOfError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  const frames = stack?.slice(Math.max(0, stack.indexOf('\n    at ')));
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    stack: frames ?? '',
    ...(cause !== undefined && { cause }),
  };
}
