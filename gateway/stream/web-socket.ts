import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { CloseCode, handleProtocols, type Server } from 'graphql-ws';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { maxBytes } from '../http/request-body.ts';
import { type Connection, type ConnectionParts, createProtocol } from './connection.ts';
import { heartbeatMs } from './http-stream.ts';

/** The WebSockets of a hub. */
export type WebSockets = {
  /** Accepts WebSockets on a server, at `/graphql`. */
  readonly attach: (server: HttpServer) => void;
  /** Closes all with 1001, so that clients connect elsewhere. */
  readonly stop: () => Promise<void>;
};

/** Unsent bytes of a connection. More than an answer can have end it at once, more than a few frames after two heartbeats. */
const maxUnsent = { ever: 32 * 1024 * 1024, afterHeartbeats: 1024 * 1024 };
/** The time that clients have to answer a close before their connections are cut. */
const closeMs = 1000;

/**
 * Creates the entry point for WebSockets (RFC 6455). A page may open one from the listed origins only: browsers let every
 * page open a WebSocket, and CORS does not apply.
 */
export function createWebSockets(
  parts: ConnectionParts & { readonly corsOrigins: readonly string[] },
): WebSockets {
  const protocol = createProtocol(parts);
  // Compression would reveal by sizes, as BREACH does, and costs memory for each connection.
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  const upgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on('error', () => raw.destroy());
    const status = refusalOf(request, parts);
    if (status === null)
      sockets.handleUpgrade(request, raw, head, (socket) => open(socket, request, protocol, parts.log));
    else raw.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  };
  return {
    attach: (server) => void server.on('upgrade', upgrade),
    stop: async () => {
      for (const socket of sockets.clients) socket.close(1001, 'The hub is stopping');
      for (const until = Date.now() + closeMs; sockets.clients.size > 0 && Date.now() < until;)
        await pause(20);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

/** Returns the status line of a refused upgrade; null if it is accepted. */
function refusalOf(
  { url = '', headers: { origin } }: IncomingMessage,
  { corsOrigins, load, attempts }: ConnectionParts & { readonly corsOrigins: readonly string[] },
): string | null {
  const refuse = (code: string, status: string) => {
    attempts.count(code, null);
    return status;
  };
  if (url.split('?')[0] !== '/graphql') return refuse('NOT_FOUND', '404 Not Found');
  if (origin !== undefined && !corsOrigins.includes(origin)) return refuse('BAD_REQUEST', '403 Forbidden');
  return load.state() === 'ready' ? null : refuse('OVERLOADED', '503 Service Unavailable\r\nretry-after: 2');
}

/** Connects a socket with the protocol. */
function open(
  socket: WebSocket,
  request: IncomingMessage,
  protocol: Server<Connection & Record<PropertyKey, unknown>>,
  log: Logger,
): void {
  const connection: Connection = {
    authorization: request.headers.authorization,
    expiry: undefined,
    operations: 0,
    leave: () => undefined,
    gone: new AbortController(),
    close: (code, reason) => socket.close(code, reason),
  };
  const send = createSend(socket, request.socket);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => {
        socket.on('message', (data: Buffer) => {
          take(data.toString()).catch((error: unknown) => {
            log.error({ error }, 'a message failed');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        });
      },
      // A pong without the payload of the ping: a client that never reads must not fill the memory.
      onPing: async () => await send('{"type":"pong"}'),
    },
    connection,
  );
  const beat = setInterval(createBeat(socket), heartbeatMs);
  socket.on('error', () => socket.terminate());
  socket.once('close', (code, reason) => {
    clearInterval(beat);
    closed(code, String(reason)).catch((error: unknown) =>
      log.error({ error }, 'a connection failed to end'),
    );
  });
}

/**
 * Returns the function that sends a text and resolves once the operating system has it. The frames of one turn of the event
 * loop go in one write, since a write costs more than a frame.
 */
function createSend(socket: WebSocket, raw: Duplex): (text: string) => Promise<void> {
  let isCorked = false;
  const cork = () => {
    if (isCorked) return;
    isCorked = true;
    raw.cork();
    setImmediate(() => {
      isCorked = false;
      raw.uncork();
    });
  };
  return async (text) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > maxUnsent.ever) {
      socket.terminate();
      return;
    }
    cork();
    await new Promise<void>((resolve) => {
      socket.send(text, () => resolve());
    });
  };
}

/** Returns the check that ends a connection whose client does not answer a ping, or takes nothing. */
function createBeat(socket: WebSocket): () => void {
  let isAlive = true;
  let isFull = false;
  socket.on('pong', () => {
    isAlive = true;
  });
  return () => {
    const wasFull = isFull;
    isFull = socket.bufferedAmount > maxUnsent.afterHeartbeats;
    if (!isAlive || (wasFull && isFull)) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  };
}
