/** Suites that run with everything embedded alone, whatever `MUNIMENT_TEST_MIX` says, and why. */
export const embeddedOnly: Readonly<Record<string, string>> = {
  'test/protocol/eventstore-endpoint/**': 'serves the embedded log as it lies there',
  'test/security/erasure.test.ts': 'searches the bytes of every file of the stores',
  'test/security/erasure-restored-vault.test.ts': 'puts an older file of the vault in its place',
  'test/security/features-off-default-install.test.ts': 'is about the server as it is installed, which names no server',
  'test/security/read-store-forgetting.test.ts': 'searches the bytes of the read models’ files',
  'test/security/secrets.test.ts': 'searches the bytes of every file of the stores',
};
