import { expect, test } from '@jest/globals';
import { type Connection, type ConnectionParts, createProtocol } from '../../../gateway/stream/connection.ts';
import { readerOf } from '../../helpers/records.ts';

const refuseData = (_data: string): Promise<void> => Promise.reject(new Error('expected a listener'));

/** Opens a connection of the protocol whose reader is identified when `identified` resolves. */
function open(identified: Promise<void>) {
  const parts = {
    readers: {
      identify: async () => {
        await identified;
        return { reader: readerOf(), expiresAt: new Date(Date.now() + 3_600_000) };
      },
      policyInForce: () => ({}),
    },
    attempts: { count: () => undefined },
    load: { state: () => 'ready' },
  } as unknown as ConnectionParts;
  const left: string[] = [];
  const connection: Connection & Record<PropertyKey, unknown> = {
    authorization: 'Bearer token',
    expiry: undefined,
    operations: 0,
    leave: () => void left.push('before'),
    gone: new AbortController(),
    close: () => undefined,
  };
  let receive = refuseData;
  const sent: string[] = [];
  const closed = createProtocol(parts).opened(
    {
      protocol: 'graphql-transport-ws',
      send: (data) => void sent.push(data),
      close: () => undefined,
      onMessage: (listener) => (receive = listener),
    },
    connection,
  );
  return { connection, sent, closed, init: async () => await receive('{"type":"connection_init"}') };
}

test('ends a connection when its token expires', async () => {
  const { connection, sent, closed, init } = open(Promise.resolve());
  await init();
  expect(sent).toEqual(['{"type":"connection_ack"}']);
  expect(connection.expiry?.hasRef()).toBe(false);
  expect(connection.expiry).toHaveProperty('_destroyed', false);
  await closed(1000, '');
  expect(connection.expiry).toHaveProperty('_destroyed', true);
});

test('keeps nothing of a connection that closes while its reader is identified', async () => {
  const identified = Promise.withResolvers<void>();
  const { connection, sent, closed, init } = open(identified.promise);
  const started = init();
  await closed(1006, '');
  identified.resolve();
  await started;
  expect([connection.expiry, sent]).toEqual([undefined, []]);
});
