import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ConfigurationInvalid,
  configurationWarnings,
  describeConfiguration,
  readConfiguration,
} from '../../infra/config/config.ts';

function problemsOf(variables: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfiguration(variables);
  } catch (error) {
    if (error instanceof ConfigurationInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('[SEC-M2] listens on loopback and knows no password when nothing is set', () => {
    const configuration = readConfiguration({ PATH: '/bin' });
    expect(configuration).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      url: 'http://localhost:8080',
      admin: { userName: 'admin', password: null },
      metrics: null,
      traces: false,
      trustedProxies: null,
    });
    expect([...configuration.roles]).toEqual(['http', 'projector']);
  });

  it('opens the log to auditors only when told, and without TLS only on loopback unless allowed', () => {
    expect(readConfiguration({}).eventStoreEndpoint).toBeNull();
    const on = { MUNIMENT_EVENTSTORE_ENDPOINT: 'on' };
    expect(readConfiguration(on).eventStoreEndpoint).toEqual({ host: '127.0.0.1', port: 2113 });
    const open = { ...on, MUNIMENT_EVENTSTORE_ENDPOINT_HOST: '0.0.0.0' };
    expect(problemsOf(open)).toEqual([expect.stringContaining('MUNIMENT_EVENTSTORE_ENDPOINT_CLEAR_TEXT=anywhere')]);
    expect(problemsOf({ ...open, MUNIMENT_TLS: 'auto' })).toEqual([]);
    expect(problemsOf({ ...open, MUNIMENT_EVENTSTORE_ENDPOINT_CLEAR_TEXT: 'anywhere' })).toEqual([]);
  });

  it('knows no variable that lets the log be written from outside', () => {
    const problems = problemsOf({ MUNIMENT_EVENTSTORE_ENDPOINT_WRITABLE: 'on' });
    expect(problems).toEqual([expect.stringContaining('is not a variable of Muniment')]);
  });

  it('cannot be changed after it was read', () => {
    const configuration = readConfiguration({});
    expect(Object.isFrozen(configuration)).toBe(true);
    expect(Object.isFrozen(configuration.passwordHash)).toBe(true);
  });

  it('stops at an unknown name and says which one is meant', () => {
    expect(problemsOf({ MUNIMENT_PROT: '1' })).toEqual([
      'MUNIMENT_PROT is not a variable of Muniment. Is MUNIMENT_PORT meant?',
    ]);
    expect(problemsOf({ MUNIMENT_ENTIRELY_DIFFERENT: '1' })).toEqual([
      'MUNIMENT_ENTIRELY_DIFFERENT is not a variable of Muniment.',
    ]);
  });

  it.each([
    ['MUNIMENT_PORT', '80a', 'a whole number from 0 to 65535'],
    ['MUNIMENT_PORT', '70000', 'a whole number from 0 to 65535'],
    ['MUNIMENT_TLS', 'yes', 'one of: off, auto, files'],
    ['MUNIMENT_ROLES', 'http,relay', 'a list, separated by commas, of: http, projector'],
    ['MUNIMENT_EVENT_STORE', 'esdb://here', 'one of: embedded'],
    ['MUNIMENT_URL', 'https://id.example.com/base', 'an http or https origin without path, as https://id.example.com'],
    ['MUNIMENT_URL', 'https://me@id.example.com', 'an http or https origin without path, as https://id.example.com'],
    ['MUNIMENT_TRUSTED_PROXIES', '10.0.0.0/40', 'addresses and CIDR blocks separated by commas, as 10.0.0.0/8,::1'],
  ])('stops at a wrong %s, "%s", and says what is allowed', (name, value, allowed) => {
    expect(problemsOf({ [name]: value })).toEqual([`${name} is "${value}". Allowed: ${allowed}.`]);
  });

  it('tells all that is wrong at once', () => {
    expect(problemsOf({ MUNIMENT_PORT: 'x', MUNIMENT_TLS: 'x', MUNIMENT_NO: 'x' })).toHaveLength(3);
  });

  it('[SEC-K3] never shows a secret', () => {
    const [problem] = problemsOf({ MUNIMENT_ADMIN_PASSWORD: 'hunter2' });
    expect(problem).toBe('MUNIMENT_ADMIN_PASSWORD is a secret of 7 characters. Allowed: 8 to 1024 characters.');
  });

  it('takes a secret from a file, without the newline at its end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'muniment-config-'));
    const file = join(folder, 'password');
    writeFileSync(file, 'correct horse\n');
    expect(readConfiguration({ MUNIMENT_ADMIN_PASSWORD_FILE: file }).admin.password).toBe('correct horse');
    expect(problemsOf({ MUNIMENT_ADMIN_PASSWORD_FILE: file, MUNIMENT_ADMIN_PASSWORD: 'correct horse' })).toEqual([
      'MUNIMENT_ADMIN_PASSWORD and MUNIMENT_ADMIN_PASSWORD_FILE are both set. Set one of them.',
    ]);
    rmSync(folder, { recursive: true });
    expect(problemsOf({ MUNIMENT_ADMIN_PASSWORD_FILE: file })[0]).toContain('which cannot be read');
  });

  it('counts an empty variable as absent', () => {
    expect(readConfiguration({ MUNIMENT_ADMIN_PASSWORD: '', MUNIMENT_PORT: '' }).port).toBe(8080);
  });

  it('wants certificate files exactly when TLS is by files', () => {
    expect(problemsOf({ MUNIMENT_TLS: 'files' })).toHaveLength(1);
    expect(problemsOf({ MUNIMENT_TLS_CERT_FILE: 'a.pem', MUNIMENT_TLS_KEY_FILE: 'k.pem' })).toHaveLength(1);
    const both = { MUNIMENT_TLS: 'files', MUNIMENT_TLS_CERT_FILE: '/a.pem', MUNIMENT_TLS_KEY_FILE: '/k.pem' };
    expect(readConfiguration(both).tls).toEqual({ mode: 'files', certificateFile: '/a.pem', keyFile: '/k.pem' });
  });

  it('[SEC-M2] warns when passwords would cross a network in clear text', () => {
    const warnings = (variables: Readonly<Record<string, string>>) =>
      configurationWarnings(readConfiguration(variables)).map(({ event }) => event);
    expect(warnings({})).toEqual([]);
    expect(warnings({ MUNIMENT_HOST: '0.0.0.0' })).toEqual(['config.tls.off']);
    expect(warnings({ MUNIMENT_HOST: '0.0.0.0', MUNIMENT_TLS: 'auto' })).toEqual([]);
    expect(warnings({ MUNIMENT_HOST: '0.0.0.0', MUNIMENT_URL: 'https://id.example.com' })).toEqual([]);
  });

  it('describes every variable', () => {
    for (const { meaning, allowed } of describeConfiguration()) {
      expect(meaning).toMatch(/\.$/);
      expect(allowed).not.toBe('');
    }
  });
});
