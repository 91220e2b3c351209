import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { LargeRequests } from '../../../gateway/budget/large-requests.ts';
import { Load } from '../../../gateway/http/load.ts';
import { createParse } from '../../../gateway/request/parse.ts';
import { noteNothing } from '../../../gateway/observe/note-answer.ts';
import { runOnly } from '../../../schema/runtime/observe/run.ts';
import { createRun } from '../../../gateway/stream/run.ts';
import { createWebSockets } from '../../../gateway/stream/web-socket.ts';
import { audienceOf, markingOf } from '../../helpers/records.ts';
import { policy } from '../../helpers/policy.ts';
import { published, World } from '../../gateway/live/world.ts';

/** A request of the bench to this process. */
export type Asked = 'memory' | 'event';
/** The memory, the CPU time since the start, and the queries and audit entries so far. */
export type Told = {
  readonly bytes: number;
  readonly cpuMs: number;
  readonly queries: number;
  readonly entries: number;
};

const amber = {
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
};

/** Serves the hub's WebSockets with its subscriptions. Changes, records and audit log are in the memory of this process. */
async function serve(): Promise<void> {
  const world = await World.open();
  const log = pino({ level: 'silent' });
  const attempts = { count: () => undefined };
  const sockets = createWebSockets({
    readers: { identify: world.identify, policyInForce: () => policy },
    parse: createParse(),
    run: createRun(
      async () => await Promise.reject(new Error('expected a subscription')),
      async (...given) => await world.subscriptions.subscribe(...given),
      { attempts, note: noteNothing, log },
    ),
    charge: async () => await Promise.resolve(),
    large: new LargeRequests(),
    load: new Load({ requests: 1_000_000, delayMs: 1_000_000 }),
    attempts,
    choose: null,
    observer: { run: runOnly, ended: null, trace: null, traceHeaders: () => ({}), note: noteNothing },
    schema: () => published,
    corsOrigins: [],
    log,
  });
  const server = createServer();
  sockets.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.on('message', (asked: Asked) => {
    if (asked === 'event') {
      world.serial = String(Date.now());
      world.write(amber);
      return;
    }
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({
      bytes: heapUsed + external,
      cpuMs: (user + system) / 1000,
      queries: world.asked.length,
      entries: world.entries.length,
    } satisfies Told);
  });
  process.send?.((server.address() as AddressInfo).port);
}

await serve();
