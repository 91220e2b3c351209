import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The latencies of the answers in milliseconds, the duration, and the number of answers that were not as expected. */
export type Loaded = {
  readonly latencies: readonly number[];
  readonly ms: number;
  readonly wrong: number;
};

type Load = {
  /** The requests, which all connections together send in turn. */
  readonly requests: readonly Buffer[];
  turn: number;
  /** The bytes of a correct response's body. */
  readonly bodyBytes: number;
  readonly until: number;
  readonly latencies: number[];
  wrong: number;
};

/**
 * Sends the queries in turn on these connections, each the next when the answer is there. All connections are open before
 * the first request. Writes prepared bytes and only counts those of the responses, because the client shares its core with
 * the subgraphs.
 */
export async function runLoad(
  url: string,
  queries: readonly string[],
  { connections, seconds, bodyBytes }: { connections: number; seconds: number; bodyBytes: number },
): Promise<Loaded> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: connections }, () => connect(Number(port), hostname));
  try {
    await Promise.all(sockets.map(async (socket) => await once(socket, 'connect')));
    const began = performance.now();
    const load: Load = {
      requests: queries.map((query) => requestOf(url, query)),
      turn: 0,
      bodyBytes,
      until: began + seconds * 1000,
      latencies: [],
      wrong: 0,
    };
    await Promise.all(sockets.map(async (socket) => await keepAsking(socket, load)));
    return { latencies: load.latencies, ms: performance.now() - began, wrong: load.wrong };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function requestOf(url: string, query: string): Buffer {
  const { pathname, host } = new URL(url);
  const body = Buffer.from(JSON.stringify({ query }));
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function nextRequest(load: Load): Buffer {
  const request = load.requests[load.turn % load.requests.length];
  load.turn += 1;
  return request ?? Buffer.alloc(0);
}

async function keepAsking(socket: Socket, load: Load): Promise<void> {
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    let sent = performance.now();
    let [received, expected, isOk] = [0, 0, false];
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the gateway closed a connection')));
    socket.on('data', (chunk) => {
      if (expected === 0) {
        const end = chunk.indexOf('\r\n\r\n');
        const head = chunk.toString('latin1', 0, end);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1]);
        if (end === -1 || Number.isNaN(length)) {
          reject(new Error(`expected a head with content-length, got ${head.slice(0, 200)}`));
          return;
        }
        expected = end + 4 + length;
        isOk = head.startsWith('HTTP/1.1 200') && length === load.bodyBytes;
      }
      received += chunk.length;
      if (received < expected) return;
      const now = performance.now();
      load.latencies.push(now - sent);
      if (!isOk) load.wrong += 1;
      [received, expected] = [0, 0];
      if (now >= load.until) {
        resolve();
        return;
      }
      sent = now;
      socket.write(nextRequest(load));
    });
    socket.write(nextRequest(load));
  });
}
