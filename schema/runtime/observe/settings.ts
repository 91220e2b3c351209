import { orNone, text, url, wholeNumber } from '../settings/forms.ts';
import { type Form, setting } from '../settings/settings.ts';
import { isLoopback } from '../tls.ts';

/** The settings of metrics, for the hub and for each subgraph. */
export const metricsSettings = {
  metricsPort: setting(
    'JCU_METRICS_PORT',
    'separate port for /metrics (Prometheus) and /ready with the state of each part; without it, neither is served',
    orNone(wholeNumber(0, 65_535)),
    '',
  ),
  metricsHost: setting(
    'JCU_METRICS_HOST',
    'address of JCU_METRICS_PORT, which has no authentication: loopback, or an address of a network for operators only',
    text,
    '127.0.0.1',
  ),
};

/** The settings of traces, for the hub and for each subgraph. */
export const tracesSettings = {
  tracesUrl: setting(
    'JCU_TRACES_URL',
    'collector that gets traces by OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; off by default. Spans have no values, readers or variables',
    orNone(url),
    '',
  ),
};

const ratio: Form<number> = {
  expected: 'a number from 0 to 1',
  read: (given) => {
    const number = Number(given);
    if (!(number >= 0 && number <= 1)) throw new Error('wrong form');
    return number;
  },
};

/** The share of traced requests, for the hub. A subgraph traces the requests that the hub does. */
export const tracesRatio = setting(
  'JCU_TRACES_RATIO',
  'share of the requests that are traced; a client cannot change it with `traceparent`',
  ratio,
  '0.01',
);

/** In production, traces leave this machine by https only: they say when each request was made. */
export function checkTracesUrl(tracesUrl: string | null, wrong: string[]): void {
  const { protocol, hostname } = new URL(tracesUrl ?? 'https://none.example');
  if (protocol !== 'https:' && !isLoopback(hostname))
    wrong.push(`JCU_TRACES_URL: expected an https URL with NODE_ENV=production, got ${tracesUrl}`);
}
