import { expect, test } from '@jest/globals';
import { type Response, ResponseReader } from '../../../gateway/outbound/response-reader.ts';

const body = '{"data":{"text":"é \u20ac"}}';
const bytes = Buffer.byteLength(body);
const half = Math.floor(Buffer.from(body).length / 2);
const chunks = [Buffer.from(body).subarray(0, half), Buffer.from(body).subarray(half)]
  .map((part) => `${part.length.toString(16)};name=value\r\n${part.toString('latin1')}\r\n`)
  .join('');
const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const ofLength = Buffer.concat([Buffer.from(`${head}Content-Length:  ${bytes} \r\n\r\n`), Buffer.from(body)]);
const ofChunks = Buffer.concat([
  Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
  Buffer.from(chunks, 'latin1'),
  Buffer.from('0\r\nx-trailer: 1\r\n\r\n'),
]);

/** Reads a response that arrives in these pieces. */
function readIn(
  pieces: readonly Buffer[],
  addBytes: (count: number) => void = () => undefined,
): Response | null {
  const reader = new ResponseReader(addBytes);
  let found: Response | null = null;
  for (const piece of pieces) found = reader.take(piece);
  return found;
}

/** Cuts bytes into pieces of random lengths, the same for the same seed. */
function cut(all: Buffer, seed: number): Buffer[] {
  const pieces: Buffer[] = [];
  let random = seed;
  for (let at = 0; at < all.length;) {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    const length = 1 + (random % (seed % 40 === 0 ? 1 : 40));
    pieces.push(all.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

test.each([
  ['with a length', ofLength],
  ['in chunks', ofChunks],
])('reads a response %s, however it is cut', (_what, response) => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const { status, body: got, isKept } = readIn(cut(response, seed)) ?? {};
    expect([seed, status, got?.toString(), isKept]).toEqual([seed, 200, body, true]);
  }
});

test('keeps no connection that the subgraph closes', () => {
  const response = Buffer.from('HTTP/1.1 503 \r\nConnection: Close\r\ncontent-length: 0\r\n\r\n');
  expect(readIn([response])).toEqual({ status: 503, body: Buffer.alloc(0), isKept: false });
});

test.each([
  ['another protocol', 'SSH-2.0-x\r\n\r\n'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['an interim response', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['a status without digits', 'HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n'],
  ['no length', `${head}\r\n`],
  ['two lengths', `${head}content-length: 0\r\ncontent-length: 0\r\n\r\n`],
  ['a negative length', `${head}content-length: -1\r\n\r\n`],
  ['a list of lengths', `${head}content-length: 0, 0\r\n\r\n`],
  ['a length and chunks', `${head}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n`],
  ['another encoding', `${head}transfer-encoding: gzip, chunked\r\n\r\n`],
  ['a compressed body', `${head}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`],
  ['a header without a name', `${head}: 7\r\ncontent-length: 0\r\n\r\n`],
  ['a header with a space before its colon', `${head}content-length : 0\r\n\r\n`],
  ['a folded header', `${head}content-length: 0\r\n folded\r\n\r\n`],
  ['LF alone', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
  ['bytes after the body', `${head}content-length: 1\r\n\r\nab`],
  ['bytes after the last chunk', `${head}transfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP`],
  ['a chunk without a size', `${head}transfer-encoding: chunked\r\n\r\n\r\n`],
  ['a size that is no number', `${head}transfer-encoding: chunked\r\n\r\n-1\r\n`],
  ['a size beyond 32 bits', `${head}transfer-encoding: chunked\r\n\r\n100000000\r\n`],
  ['a chunk that is longer than its size', `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`],
  ['a chunk that LF ends', `${head}transfer-encoding: chunked\r\n\r\n1\na\r\n`],
  ['an endless head', `${head}${'x: y\r\n'.repeat(4000)}`],
  ['an endless line between chunks', `${head}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`],
])('rejects %s', (_what, text) => {
  expect(() => readIn([Buffer.from(text)])).toThrow(/expected/);
});

function refuse(count: number): void {
  if (count > 0) throw new Error('too large');
}

test('stops at the size limit before the whole body is there', () => {
  expect(() => readIn([Buffer.from(`${head}content-length: 1000000\r\n\r\nabc`)], refuse)).toThrow(
    'too large',
  );
  expect(() =>
    readIn([Buffer.from(`${head}transfer-encoding: chunked\r\n\r\nf4240\r\nabc`)], refuse),
  ).toThrow('too large');
});
