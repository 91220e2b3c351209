import { MongoBinary } from 'mongodb-memory-server-core';

// A separate process, so that a download that hangs can be killed. Sends the path to its parent.
try {
  process.send?.(await MongoBinary.getPath());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.disconnect();
