const closedPipe = 141;

/**
 * Ends this process without a stack trace when the program that reads its output closes the pipe, as `| head` does. If the
 * process handles SIGTERM, it stops in order. The exit code is that of a program which SIGPIPE ends, so that a script with
 * `pipefail` sees that the work may be incomplete.
 */
export function endOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endIfClosed);
}

function endIfClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
  else process.exit(closedPipe);
}
