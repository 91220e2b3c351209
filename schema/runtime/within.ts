/** The work did not settle within its deadline. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/**
 * Settles as the work does, or rejects with DeadlineExceeded after `ms` milliseconds. The work itself is not stopped.
 * The driver's own limits are not enough: if a connection breaks after mongodb 7.8 selects it and before the first
 * write, the driver waits for ever.
 */
export async function within<Result>(ms: number, work: PromiseLike<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const expire = () => reject(new DeadlineExceeded(`expected an answer within ${ms} ms, got none`));
  const timer = setTimeout(expire, ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
