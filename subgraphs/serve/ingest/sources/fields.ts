import { RejectError } from '../../record/reject.ts';
import type { MapContext } from './source.ts';

/** Reads a field without which its record can stand. A fault costs the field: it is reported, and null is returned. */
export function orWarn<Value>(
  { warn }: Pick<MapContext, 'warn'>,
  path: string,
  value: unknown,
  read: () => Value,
): Value | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RejectError) || error.reason === 'CLASSIFIED') throw error;
    warn?.({ path, value, message: error.message });
    return null;
  }
}

/** Reads a field that its record needs. The message of a fault then begins with the path of the field. */
export function atPath<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RejectError) || error.reason === 'CLASSIFIED') throw error;
    throw new RejectError(error.reason, `${path}: ${error.message}`);
  }
}
