import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

type Entry = { readonly name: string; readonly method: number; readonly size: number; readonly at: number };

/**
 * Extracts the entry of a zip archive whose name ends with `nameEnd`. Throws if there is none. For archives of known
 * content only (no Zip64, no encryption). See PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export async function unzipEntry(archive: string, nameEnd: string, target: string): Promise<void> {
  await using file = await open(archive);
  const entry = (await readDirectory(file)).find(({ name }) => name.endsWith(nameEnd));
  if (entry === undefined)
    throw new Error(`${archive}: expected an entry that ends with ${nameEnd}, found none`);
  if (entry.method !== 8)
    throw new Error(
      `${archive}: expected ${entry.name} to be deflated (method 8), got method ${entry.method}`,
    );
  const local = await readAt(file, entry.at, 30);
  const start = entry.at + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const packed = file.createReadStream({ start, end: start + entry.size - 1, autoClose: false });
  await pipeline(packed, createInflateRaw(), createWriteStream(target, { flush: true }));
}

async function readDirectory(file: FileHandle): Promise<readonly Entry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new Error('expected a zip archive, found no end of central directory');
  const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  for (let at = 0; at < directory.length;) {
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      size: directory.readUInt32LE(at + 20),
      at: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error(`expected ${length} bytes at ${position}, got ${bytesRead}`);
  return buffer;
}
