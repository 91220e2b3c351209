import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Answers a query. `real` asks the real subgraph, whose URL is `url`, and returns its answer. */
type Respond = (response: ServerResponse, real: () => Promise<string>, url: string) => Promise<void>;

const json = { 'content-type': 'application/json' } as const;
const floodBytes = 200_000_000;
const flood = Buffer.from('x'.repeat(1_000_000));

/** The responses by the name of the attack. Each ends when the hub closes the connection. */
export const brokenResponses: Readonly<Record<string, Respond>> = {
  hangs: async (response) => {
    await once(response, 'close');
  },
  garbage: async (response) => {
    response.writeHead(200, json).end(randomBytes(65_536));
    await Promise.resolve();
  },
  'answers-200-mb': async (response) => {
    response.writeHead(200, json).write('{"data":{"flood":"');
    for (let sent = 0; sent < floodBytes && !response.destroyed; sent += flood.length) {
      if (response.write(flood)) continue;
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end('"}}');
  },
  redirects: async (response, _real, url) => {
    response.writeHead(307, { ...json, location: url }).end();
    await Promise.resolve();
  },
  'half-answers': async (response, real) => {
    const bytes = Buffer.from(await real());
    response.writeHead(200, { ...json, 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  },
  'one-byte-a-second': async (response, real) => {
    const bytes = Buffer.from(await real());
    response.writeHead(200, { ...json, 'content-length': bytes.length });
    for (let at = 0; at < bytes.length && !response.destroyed; at += 1) {
      response.write(bytes.subarray(at, at + 1));
      await pause(1000);
    }
    response.end();
  },
};
