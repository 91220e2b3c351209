/**
 * Returns the result of `work`, or rejects after `ms` milliseconds. Does not cancel the work. The time limits of the
 * MongoDB driver are not enough: version 7.8 waits forever if a connection breaks between its selection and the write.
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
