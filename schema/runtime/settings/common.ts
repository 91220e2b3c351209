import { oneOf } from './forms.ts';
import { type Form, setting } from './settings.ts';

/** The log level. */
export const logLevel = setting(
  'JCU_LOG',
  'log level; the log goes to stderr, one JSON object for each line',
  oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  'warn',
);

const production: Form<boolean> = {
  expected: '`production`, or any other text',
  read: (given) => given === 'production',
};

/** True in a deployment. Features for trials and plain http between machines then refuse to start. */
export const mode = setting(
  'NODE_ENV',
  '`production` refuses features that are for trials only, and http between machines',
  production,
  '',
);
