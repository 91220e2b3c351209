import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';

/** The flag with which a process must start, so that its inspector takes a free port. */
export const inspectorOptions = '--inspect-port=127.0.0.1:0';

const opensMs = 30_000;
const evaluated = z.object({ result: z.object({ result: z.object({ value: z.number() }) }) });

/**
 * Collects the garbage of a process and returns the bytes that are in use then: V8's heap and the buffers outside. Resident
 * memory says less, because V8 keeps what it may need again. `log` is the file of the process's stderr, where Node prints
 * the address of the inspector. Throws if the inspector does not open.
 */
export async function collectedMemory(pid: number, log: string): Promise<number> {
  const socket = new WebSocket(await openInspector(pid, log));
  try {
    await once(socket, 'open');
    const ask = async (method: string, params: object = {}) => {
      socket.send(JSON.stringify({ id: 1, method, params }));
      const [answer] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(answer.toString()) as unknown;
    };
    // The second collection frees what finalisers of the first have released.
    await ask('HeapProfiler.collectGarbage');
    await ask('HeapProfiler.collectGarbage');
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    return evaluated.parse(await ask('Runtime.evaluate', { expression })).result.result.value;
  } finally {
    socket.close();
  }
}

/** The inspectors that are open. A second signal to a process would end its inspector. */
const inspectors = new Map<number, string>();

async function openInspector(pid: number, log: string): Promise<string> {
  const known = inspectors.get(pid);
  if (known !== undefined) return known;
  const addresses = () =>
    readFileSync(log, 'utf8').match(/(?<=listening on )ws:\/\/127\.0\.0\.1:\d+\/\S+/g) ?? [];
  const before = addresses().length;
  process.kill(pid, 'SIGUSR1');
  for (const end = performance.now() + opensMs; performance.now() < end; await pause(50)) {
    const address = addresses()[before];
    if (address === undefined) continue;
    inspectors.set(pid, address);
    return address;
  }
  throw new Error(`expected the address of the inspector in ${log}, got none within ${opensMs / 1000} s`);
}
