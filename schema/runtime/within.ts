/**
 * The work's outcome, or a rejection after so many milliseconds, whatever the work does then. A driver's own limits
 * are not enough: on a connection that breaks between being chosen and being written to, mongodb 7.8 waits for ever.
 */
export async function within<Result>(ms: number, work: PromiseLike<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`expected an answer within ${ms} ms, got none`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
