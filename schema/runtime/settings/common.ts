import { oneOf } from './forms.ts';
import { type Form, setting } from './settings.ts';

/** How much a part logs, on stderr, a JSON object a line. */
export const logLevel = setting(
  'JCU_LOG',
  'how much is logged (on stderr, one JSON object a line)',
  oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  'warn',
);

const production: Form<boolean> = {
  words: '`production`, or anything else',
  read: (given) => given === 'production',
};

/** Whether this is a deployment: what is for trials only, and plain http between machines, refuse to start there. */
export const mode = setting(
  'NODE_ENV',
  'with `production`, what is for trials only and http between machines refuse to start',
  production,
  '',
);
