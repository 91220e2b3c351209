import { X509Certificate } from 'node:crypto';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { readCaches } from '../cache-figures.ts';
import { type Run, type Stage } from './run.ts';

/** Seconds: from a fraction of a millisecond to the deadline of a request. */
export const secondsBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** The metrics of a process, in a registry that is not shared with other servers of the process. */
export type Metrics = { readonly registry: Registry; readonly run: Run };

/**
 * Creates the metrics that hub and subgraphs have in common: the process, its caches, its certificates, and the time of each
 * stage. The values of `labelNames` are from closed sets: a reader can add no series.
 */
export function createMetrics(certificates: Readonly<Record<string, string | null>>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  addCaches(registry);
  addCertificates(certificates, registry);
  const stages = new Histogram({
    name: 'jcu_stage_seconds',
    help: 'Time of each stage of a request',
    labelNames: ['stage'],
    buckets: [...secondsBuckets],
    registers,
  });
  const subgraphs = new Histogram({
    name: 'jcu_subgraph_seconds',
    help: 'Time of each query to a subgraph, by outcome',
    labelNames: ['subgraph', 'outcome'],
    buckets: [...secondsBuckets],
    registers,
  });
  const observe = (stage: Stage, part: string | undefined, outcome: string, start: number) => {
    const seconds = (performance.now() - start) / 1000;
    if (stage === 'subgraph' && part !== undefined) subgraphs.observe({ subgraph: part, outcome }, seconds);
    else stages.observe({ stage }, seconds);
  };
  const run: Run = async (stage, work, part) => {
    const start = performance.now();
    try {
      const result = await work();
      observe(stage, part, 'answered', start);
      return result;
    } catch (error) {
      observe(stage, part, 'failed', start);
      throw error;
    }
  };
  return { registry, run };
}

type Values<Label extends string> = Iterable<
  readonly [Readonly<Partial<Record<Label, string>>>, number | null]
>;

/** Adds a gauge whose values are read when the metrics are read. A value that cannot be read is left out. */
export function addGauge<Label extends string = never>(
  { registry }: Pick<Metrics, 'registry'>,
  asked: { readonly name: string; readonly help: string; readonly labelNames?: readonly Label[] },
  read: () => Values<Label> | Promise<Values<Label>>,
): void {
  const gauge: Gauge = new Gauge({
    ...asked,
    labelNames: [...(asked.labelNames ?? [])],
    registers: [registry],
    collect: async () => {
      const values = await Promise.resolve()
        .then(read)
        .catch(() => []);
      gauge.reset();
      if (asked.labelNames === undefined) gauge.remove();
      for (const [labels, value] of values) if (value !== null) gauge.set(labels, value);
    },
  });
}

/** The counts of caches are kept by the caches, and read when the metrics are read. */
function addCaches(registry: Registry): void {
  addGauge(
    { registry },
    { name: 'jcu_cache_entries', help: 'Entries of each cache', labelNames: ['cache'] },
    () => figuresOf('entries'),
  );
  addGauge(
    { registry },
    { name: 'jcu_cache_bytes', help: 'Bytes of each cache, as its bound counts them', labelNames: ['cache'] },
    () => figuresOf('bytes'),
  );
  const reads: Counter = new Counter({
    name: 'jcu_cache_reads_total',
    help: 'Reads of each cache: hits and misses',
    labelNames: ['cache', 'outcome'],
    registers: [registry],
    collect: () => {
      reads.reset();
      for (const [cache, { hits, misses }] of readCaches()) {
        reads.inc({ cache, outcome: 'hit' }, hits);
        reads.inc({ cache, outcome: 'miss' }, misses);
      }
    },
  });
}

function figuresOf(figure: 'entries' | 'bytes') {
  return [...readCaches()].map(([cache, figures]) => [{ cache }, figures[figure]] as const);
}

/** A certificate that ends stops every connection: alert on it weeks before. */
function addCertificates(certificates: Readonly<Record<string, string | null>>, registry: Registry): void {
  const ends = Object.entries(certificates).flatMap(([certificate, pem]) =>
    pem === null ? [] : [[{ certificate }, endOf(pem)] as const],
  );
  addGauge(
    { registry },
    {
      name: 'jcu_certificate_end_timestamp_seconds',
      help: 'End of each certificate of this process, in seconds since 1970',
      labelNames: ['certificate'],
    },
    () => ends,
  );
}

function endOf(pem: string): number | null {
  try {
    return Date.parse(new X509Certificate(pem).validTo) / 1000;
  } catch {
    return null;
  }
}
