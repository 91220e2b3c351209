import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { boundedText, boundedValue } from './bounded-value.ts';

/** The maximum length of one message in characters. */
const maxMessage = 2000;

/**
 * Creates the log of a process: JSON lines on stderr. Every value of a line is bounded (`boundedValue`), because readers
 * and subgraphs choose parts of it. Pass errors under the key `error`.
 */
export function createLog(name: string, level: string, to: DestinationStream = pino.destination(2)): Logger {
  const options: LoggerOptions = {
    name,
    level,
    formatters: {
      log: (line) =>
        Object.fromEntries(Object.entries(line).map(([key, value]) => [key, boundedValue(value)])),
    },
    hooks: {
      logMethod(given, method) {
        const bounded = given.map((one) => (typeof one === 'string' ? boundedText(one, maxMessage) : one));
        method.apply(this, bounded as Parameters<typeof method>);
      },
    },
  };
  return pino(options, to);
}
