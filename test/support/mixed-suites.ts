/**
 * Suites that run once more on each mix of stores: those that write through every door and read it back. Others are
 * about what lies before the stores, which is the same whatever they are, and take long where each call goes over a
 * wire.
 */
export const mixedSuites: readonly string[] = [
  'test/protocol/feed.test.ts',
  'test/protocol/native/**/*.test.ts',
  'test/protocol/oauth2/**/*.test.ts',
  'test/protocol/rest/**/*.test.ts',
  'test/protocol/scim/**/*.test.ts',
  'test/security/oauth-tokens.test.ts',
  'test/security/rights-matrix.test.ts',
  'test/security/tenants.test.ts',
];
