/** What both projects share: TypeScript by swc, as ES modules. Inside `<rootDir>/.cache/` tests put whole copies of the project. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
};

// jest takes its configuration as a default export only.
// oxlint-disable-next-line import/no-default-export
export default {
  testTimeout: 300_000,
  maxWorkers: 2,
  // ES modules in a worker are never freed: after a hundred test files its garbage collection takes seconds.
  workerIdleMemoryLimit: '1200MB',
  testSequencer: '<rootDir>/test/helpers/longest-first.ts',
  reporters: ['default', '<rootDir>/test/helpers/counts-reporter.ts'],
  projects: [
    {
      ...shared,
      displayName: 'parts',
      testMatch: ['<rootDir>/test/{docker,gateway,mutants,schema,subgraphs,words}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/helpers/setup-parts.ts',
    },
    {
      ...shared,
      displayName: 'journeys',
      testMatch: ['<rootDir>/test/{journeys,abuse}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/helpers/setup-standing.ts',
      globalTeardown: '<rootDir>/test/helpers/teardown-standing.ts',
    },
  ],
};
