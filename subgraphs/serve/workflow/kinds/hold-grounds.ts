import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { Refused } from '../../changes/refused.ts';

/** The ids of records whose clocks are of law: the parts of notification files, and notifications under the CRA. */
const notification = /\b(?:NotificationFile|CraNotification):[0-9a-f-]+/i;

/** Returns the refusal of a hold that is to stop a deadline of law, because its subject or its act is a notification. */
export function checkHeldAct({ input, fields = {} }: Pick<Attempt, 'input' | 'fields'>): Refused | null {
  const { on, act } = { ...fields, ...input };
  const texts = { on: JSON.stringify(on ?? null), act: typeof act === 'string' ? act : '' };
  const path = notification.test(texts.on) ? ['content', 'on', 'what'] : ['act'];
  if (!notification.test(texts.on) && !notification.test(texts.act)) return null;
  return new Refused(
    'INVALID',
    path,
    'expected an act that no law demands: a hold never stops a deadline of law, and a notification is submitted in time',
  );
}
