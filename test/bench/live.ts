import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { document } from '../gateway/live/world.ts';
import { percentile, round, table } from './figures.ts';
import { logProgress } from './place.ts';
import type { Asked, Told } from './live/serve.ts';

const help = `Measures open subscriptions: memory, the delay of an event, CPU.

  npm run bench:live -- [options]

  --subscriptions N   open subscriptions, 100 on each WebSocket (10000)
  --readers N         readers that share them (20)
  --seconds N         events, one a second (20)
  --json FILE         all figures as JSON
  --help

The hub's WebSockets and subscriptions run in a separate process. Changes, records and the audit log are in its memory: the
figures are those of the hand-out, without subgraphs and stores. Uses loopback only. Exits with 1 if a subscription
did not get the last event.

Example:
  npm run bench:live -- --subscriptions 1000 --seconds 5
`;

const { values: flags } = parseArgs({
  options: {
    subscriptions: { type: 'string', default: '10000' },
    readers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const eachSocket = 100;

async function main(count: number, readers: number, seconds: number): Promise<void> {
  const hub = fork(join(import.meta.dirname, 'live', 'serve.ts'), {
    execArgv: ['--no-warnings', '--expose-gc'],
  });
  try {
    const [port]: [number] = (await once(hub, 'message')) as [number];
    const before = await ask(hub);
    const delays: number[] = [];
    const frames = new Map<string, number>();
    const sockets = Math.ceil(count / eachSocket);
    for (let at = 0; at < sockets; at += 1)
      await subscribe(
        port,
        `reader-${at % readers}`,
        Math.min(eachSocket, count - at * eachSocket),
        delays,
        frames,
      );
    await new Promise((resolve) => setTimeout(resolve, 2000));
    logProgress(`${count} subscriptions of ${readers} readers on ${sockets} connections are open`);
    const open = await ask(hub);
    for (let at = 0; at < seconds; at += 1) {
      hub.send('event' satisfies Asked);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
    report(count, seconds, delays, before, open, await ask(hub));
    if ([...frames.values()].at(-1) !== count) process.exitCode = 1;
  } finally {
    hub.kill();
  }
}

async function ask(hub: ChildProcess): Promise<Told> {
  hub.send('memory' satisfies Asked);
  const [told] = (await once(hub, 'message')) as [Told];
  return told;
}

/** Opens subscriptions of a reader on one connection. Each event adds its delay. */
async function subscribe(
  port: number,
  reader: string,
  count: number,
  delays: number[],
  frames: Map<string, number>,
): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${reader}` } }));
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => {
    const [, sent] = /"serial":"(\d+)"/.exec(data.toString()) ?? [];
    if (sent === undefined) return;
    delays.push(Date.now() - Number(sent));
    frames.set(sent, (frames.get(sent) ?? 0) + 1);
  });
  for (let id = 0; id < count; id += 1)
    socket.send(JSON.stringify({ type: 'subscribe', id: `${id}`, payload: { query: document } }));
}

function report(
  count: number,
  seconds: number,
  delays: readonly number[],
  before: Told,
  open: Told,
  after: Told,
): void {
  const kib = (open.bytes - before.bytes) / 1024 / count;
  const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
  const cpu = (after.cpuMs - open.cpuMs) / seconds;
  const rows = [
    ['frames, with changes that wait joined', `${delays.length} of ${count * seconds}`],
    ['memory of a subscription, KiB', round(kib)],
    ['delay p50, ms', round(p50)],
    ['delay p99, ms', round(p99)],
    ['CPU of the hub for an event, ms', round(cpu)],
    ['queries for an event', round((after.queries - open.queries) / seconds)],
    ['audit entries for an event', round((after.entries - open.entries) / seconds)],
  ];
  process.stdout.write(table(['', ''], rows));
  if (flags.json !== undefined)
    writeFileSync(
      flags.json,
      JSON.stringify({ count, seconds, kib, p50, p99, cpu, received: delays.length }),
    );
  process.stdout.write(
    `live: ${round(p99)} ms (p99 delay of an event over ${count} subscriptions), ${round(kib)} KiB each\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main(Number(flags.subscriptions), Number(flags.readers), Number(flags.seconds));
process.exit(process.exitCode);
