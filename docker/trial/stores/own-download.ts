import { MongoBinary } from 'mongodb-memory-server-core';

// A process of its own, so that a download that hangs can be ended. Its caller hears the path.
try {
  process.send?.(await MongoBinary.getPath());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.disconnect();
