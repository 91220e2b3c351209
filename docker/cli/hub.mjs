#!/usr/bin/env node
// Plain JavaScript: an older Node fails on TypeScript before it runs a line of it.
const major = Number(process.versions.node.split('.')[0]);
if (major >= 24) await import('./hub.ts');
else {
  process.stderr.write(
    `hub: expected Node 24 or newer, got ${process.versions.node}: run it with npm or npx (\`npx hub --help\`), ` +
      'which use the Node 24 that `npm ci` installs\n',
  );
  process.exitCode = 1;
}
