import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { Refused } from '../../changes/refused.ts';

/** The ids of records whose deadlines are set by law: NIS2 files and CRA notifications. */
const notification = /(?:notificationfile|cranotification)(?::|%3a)/i;

/** Returns the refusal of a hold that is to stop a deadline of law, because its subject or its act is a notification. */
export function checkHeldAct({ input, fields = {} }: Pick<Attempt, 'input' | 'fields'>): Refused | null {
  const { on, act } = { ...fields, ...input };
  const path = isNotification(on) ? ['content', 'on', 'what'] : ['act'];
  if (!isNotification(on) && !isNotification(act)) return null;
  return new Refused(
    'INVALID',
    path,
    'expected an act that no law demands: a hold never stops a deadline of law, and a notification is submitted in time',
  );
}

/** Returns whether a value has an id of a notification, in any spelling of its characters. */
function isNotification(value: unknown): boolean {
  const text = JSON.stringify(value ?? null).normalize('NFKC');
  return notification.test(text.replaceAll(/[\s\p{Cf}]/gu, ''));
}
