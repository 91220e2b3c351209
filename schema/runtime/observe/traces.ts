import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ActiveTrace, Traces } from './tracing.ts';

/** Spans that wait for the collector. Beyond it, spans are dropped: a collector that is down must not fill the memory. */
const queue = { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 1000 };
const exportMs = 5000;
const stopMs = 2000;

/**
 * Creates the traces of a process, sent by OTLP over HTTP (JSON). Spans have names and attributes of closed sets: no values,
 * ids of records, readers or variables, and no texts of errors.
 */
export function createTraces({ url, service }: { readonly url: string; readonly service: string }): Traces {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportMs });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    // The caller decides whether a request is traced, before it costs anything.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter, queue)],
  });
  const tracer = provider.getTracer('jcu-hub');
  const current = new AsyncLocalStorage<Context>();
  return {
    start: (name, traceparent) => {
      const parent = parentOf(traceparent);
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parent);
      return activeOf(
        span,
        parent,
        (stage, startTime, context) => tracer.startSpan(stage, { startTime }, context).end(),
        current,
      );
    },
    run: async (stage, work, part) => {
      const parent = current.getStore();
      if (parent === undefined) return await work();
      const kind = stage === 'subgraph' ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const attributes = part === undefined ? {} : { 'jcu.subgraph': part };
      const span = tracer.startSpan(stage, { kind, attributes }, parent);
      try {
        return await current.run(trace.setSpan(parent, span), work);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    open: (name, attributes) => {
      const parent = current.getStore();
      if (parent === undefined) return null;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
      return (isFailed) => {
        if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
    },
    headers: () => headersOf(current.getStore()),
    isSampled: (traceparent) => ((parseTraceParent(traceparent)?.traceFlags ?? 0) & TraceFlags.SAMPLED) !== 0,
    stop: async () => {
      const late = new Promise((resolve) => setTimeout(resolve, stopMs).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

function activeOf(
  span: Span,
  parent: Context,
  record: (stage: string, startTime: number, context: Context) => void,
  current: AsyncLocalStorage<Context>,
): ActiveTrace {
  const context = trace.setSpan(parent, span);
  return {
    within: (work) => current.run(context, work),
    record: (stage, startTime) => record(stage, startTime, context),
    end: (attributes: Attributes, isFailed) => {
      span.setAttributes(attributes);
      if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** A `traceparent` is only the parent of the spans. A malformed one is ignored, and `tracestate` and `baggage` are never read. */
function parentOf(traceparent: string | undefined): Context {
  const remote = traceparent === undefined ? null : parseTraceParent(traceparent);
  if (remote === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
}

function headersOf(context: Context | undefined): Readonly<Record<string, string>> {
  const span = context === undefined ? undefined : trace.getSpanContext(context);
  return span === undefined ? {} : { traceparent: `00-${span.traceId}-${span.spanId}-01` };
}
