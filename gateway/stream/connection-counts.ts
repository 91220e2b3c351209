const maxConnections = 50;

/** Counts the open connections of each reader: 50 at most, so that one reader cannot take all that the hub accepts. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a connection until the returned function is called. Null if the reader has too many. */
  enter(subject: string): (() => void) | null {
    const count = this.#counts.get(subject) ?? 0;
    if (count >= maxConnections) return null;
    this.#counts.set(subject, count + 1);
    let isCounted = true;
    return () => {
      if (isCounted) this.#leave(subject);
      isCounted = false;
    };
  }

  #leave(subject: string): void {
    const left = (this.#counts.get(subject) ?? 1) - 1;
    if (left === 0) this.#counts.delete(subject);
    else this.#counts.set(subject, left);
  }
}
