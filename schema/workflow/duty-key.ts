const prefix = 'OnDuty:';

/** Returns the key of those on duty at an instant: the instant in UTC. */
export function dutyKey(at: Date): string {
  return `${prefix}${at.toISOString()}`;
}

/** Returns the instant of a key. Null if it is not one. */
export function readDutyKey(key: string): Date | null {
  const at = new Date(key.startsWith(prefix) ? key.slice(prefix.length) : '');
  return Number.isNaN(at.getTime()) || dutyKey(at) !== key ? null : at;
}
