import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startOf } from '../../../../docker/trial/stores/processes.ts';
import { storeNames } from '../../../../docker/trial/stores/names.ts';
import { startStores, type StoreName, type Stores } from '../../../../docker/trial/stores/stores.ts';
import { connect, makeFolder } from './place.ts';

async function write(stores: Stores, name: StoreName, id: string): Promise<void> {
  await using client = await connect(stores.uris[name]);
  const record = { _id: id } as Record<string, unknown>;
  await client
    .db()
    .collection('agreements')
    .insertOne(record, { writeConcern: { w: 'majority' } });
}

async function read(stores: Stores, name: StoreName): Promise<readonly unknown[]> {
  await using client = await connect(stores.uris[name]);
  return (await client.db().collection('agreements').find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

async function pidOf(home: string, server = 'all'): Promise<number> {
  return Number(await readFile(join(home, server, 'db', 'mongod.lock'), 'utf8'));
}

test('keeps data and addresses after a stop and a start', async () => {
  await using place = await makeFolder();
  const first = await startStores({ home: place.folder });
  await write(first, 'hub', 'kept');
  const server = await pidOf(place.folder);
  await first.stop();
  expect(await startOf(server)).toBeUndefined();
  await using second = await startStores({ home: place.folder });
  expect(second.uris).toEqual(first.uris);
  expect(await read(second, 'hub')).toEqual(['kept']);
});

test('recovers the data after the server was killed', async () => {
  await using place = await makeFolder();
  const said: string[] = [];
  const first = await startStores({ home: place.folder, report: (line) => said.push(line) });
  await write(first, 'enisa', 'before the crash');
  process.kill(await pidOf(place.folder), 'SIGKILL');
  for (let waited = 0; waited < 1000 && said.at(-1)?.includes('ended unexpectedly') !== true; waited += 1)
    await pause(20);
  expect(said.at(-1)).toContain('mongod of all ended unexpectedly (SIGKILL)');
  await first.stop();
  await using second = await startStores({ home: place.folder });
  expect(await read(second, 'enisa')).toEqual(['before the crash']);
});

test('stops the server that a killed trial left, and keeps its data', async () => {
  await using place = await makeFolder();
  const trial = fork(join(import.meta.dirname, 'stores-process.ts'), [place.folder], {
    execArgv: ['--no-warnings'],
  });
  await once(trial, 'message');
  const left = await pidOf(place.folder);
  await expect(startStores({ home: place.folder })).rejects.toMatchObject({
    code: 'HOME_IN_USE',
    message: expect.stringContaining(`process ${trial.pid}`),
  });
  trial.kill('SIGKILL');
  await once(trial, 'exit');
  expect(await startOf(left)).toBeDefined();
  await using stores = await startStores({ home: place.folder });
  expect(await startOf(left)).toBeUndefined();
  await write(stores, 'hub', 'after');
  expect(await read(stores, 'hub')).toEqual(['after']);
});

test('moves to another port when its own is taken, and keeps its data', async () => {
  await using place = await makeFolder();
  const first = await startStores({ home: place.folder });
  await write(first, 'europol', 'kept');
  await first.stop();
  const port = Number(new URL(first.uris.europol).port);
  await using other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const said: string[] = [];
  await using second = await startStores({ home: place.folder, report: (line) => said.push(line) });
  expect(said.join('\n')).toContain(`port ${port} is taken`);
  expect(await read(second, 'europol')).toEqual(['kept']);
});

test('with `apart`, each store has its own server, which can be stopped and started', async () => {
  await using place = await makeFolder();
  await using stores = await startStores({ home: place.folder, apart: true });
  expect(new Set(Object.values(stores.uris).map((uri) => new URL(uri).port)).size).toBe(storeNames.length);
  const keys = ['hub', 'enisa'].map(async (name) => await readFile(join(place.folder, name, 'key'), 'utf8'));
  expect(new Set(await Promise.all(keys)).size).toBe(2);
  await write(stores, 'cert-eu', 'kept');
  await write(stores, 'enisa', 'kept');
  await stores.stopOne('cert-eu');
  await expect(connect(stores.uris['cert-eu'])).rejects.toThrow('ECONNREFUSED');
  expect(await read(stores, 'enisa')).toEqual(['kept']);
  await stores.startOne('cert-eu');
  expect(await read(stores, 'cert-eu')).toEqual(['kept']);
  await stores.stop();
  await expect(startStores({ home: place.folder })).rejects.toMatchObject({ code: 'HOME_OF_ANOTHER' });
});

test('refuses to start in production, in a folder that it cannot write to, and in a folder of other servers, and says what to do', async () => {
  await using place = await makeFolder();
  const home = join(place.folder, 'home');
  await expect(startStores({ home, env: { NODE_ENV: 'production' } })).rejects.toMatchObject({
    code: 'PRODUCTION',
    message: expect.stringContaining('JCU_STORE_URI'),
  });
  await writeFile(join(place.folder, 'file'), '');
  await expect(startStores({ home: join(place.folder, 'file') })).rejects.toMatchObject({
    code: 'HOME_UNWRITABLE',
  });
  await (await startStores({ home })).stop();
  const state = join(home, 'all', 'server.json');
  const made = await readFile(state, 'utf8');
  await writeFile(state, JSON.stringify({ ...(JSON.parse(made) as object), version: '99.0.1' }));
  await expect(startStores({ home })).rejects.toMatchObject({
    code: 'HOME_OF_ANOTHER',
    message: expect.stringMatching(/last opened by MongoDB 99\.0\.1.*MONGOMS_SYSTEM_BINARY/),
  });
  await writeFile(state, made);
  await writeFile(
    join(home, 'secrets.json'),
    JSON.stringify({ schemaVersion: 1, servers: {}, passwords: {} }),
  );
  await expect(startStores({ home })).rejects.toMatchObject({
    code: 'HOME_OF_ANOTHER',
    message: expect.stringContaining('refused the administrator'),
  });
});
