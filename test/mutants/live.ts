import type { Guard } from './guard.ts';

const parts = { project: 'parts' } as const;
const journeys = { project: 'journeys', tests: 'test/journeys/streams' } as const;

/** Guards of subscriptions, and of the transports that can stream. */
export const live: readonly Guard[] = [
  {
    ...parts,
    name: 'the subject of a reader whose access keys name it, in the permission class',
    file: 'gateway/policy/permission-class.ts',
    from: 'subject: namesSubject(access, policy) ? subject : null',
    to: 'subject: namesSubject(access, policy) && subject === null ? subject : null',
    tests: 'test/gateway/policy/permission-class',
  },
  {
    ...parts,
    name: 'every fact of a reader in the permission class',
    file: 'gateway/policy/permission-class.ts',
    from: '    ...facts,',
    to: '    organisation: facts.organisation,',
    tests: 'test/gateway/policy/permission-class',
  },
  {
    ...parts,
    name: 'the permission class in the key of a shared operation',
    file: 'gateway/live/shared-operation.ts',
    from: 'JSON.stringify([hash, operationName, variables, permissionClass])',
    to: 'JSON.stringify([hash, operationName, variables, permissionClass.length])',
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'a subscriber is not on screen',
    file: 'gateway/live/reader-watch.ts',
    from: 'onScreen: false',
    to: 'onScreen: identity.reader.onScreen',
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'the same reader at each event',
    file: 'gateway/live/subscriptions.ts',
    from: 'if (subscriber.permissionClass !== started.permissionClass)',
    to: "if (subscriber.permissionClass === '')",
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'the audit entry before an event',
    file: 'gateway/live/read-event.ts',
    from: 'await disclose(',
    to: 'void disclose(',
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'the scope of the id of an event',
    file: 'gateway/live/event-id.ts',
    from: 'JSON.stringify([community, kind, policy, permissionClass])',
    to: "JSON.stringify([community, kind, policy, permissionClass].map(() => ''))",
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'the changes that wait for a slow reader',
    file: 'gateway/live/subscription.ts',
    from: 'this.#waiting.size > maxWaiting ||',
    to: 'this.#waiting.size > 1_000_000 ||',
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...parts,
    name: 'the subscriptions of a reader',
    file: 'gateway/live/room.ts',
    from: 'used.count + count <= limit.count',
    to: 'used.count + count <= 1_000_000',
    tests: 'test/gateway/live/subscriptions',
  },
  {
    ...journeys,
    name: 'the origin of a page that opens a WebSocket',
    file: 'gateway/stream/web-socket.ts',
    from: 'origin !== undefined && !corsOrigins.includes(origin)',
    to: "origin === 'x'",
  },
  {
    ...journeys,
    name: 'the operations of a connection',
    file: 'gateway/stream/connection.ts',
    from: 'if (connection.operations > maxOperations) throw',
    to: 'if (connection.operations > 1_000_000) throw',
  },
  {
    ...journeys,
    name: 'the connections of a reader',
    file: 'gateway/stream/connection-counts.ts',
    from: 'if (count >= maxConnections) return null;',
    to: '',
  },
  {
    ...journeys,
    name: 'the levels of the variables of a message',
    file: 'gateway/stream/connection.ts',
    from: 'checkDepth([variables, extensions]);',
    to: '',
  },
];
