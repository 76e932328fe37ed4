import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../../infra/config/config.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
}

const compose: { readonly services: Readonly<Record<string, Service>> } = parse(read('docker-compose.yml'), {
  merge: true,
});
const services = Object.entries(compose.services);
const filledIn = (value: string) =>
  value.replace(/^\$\{\w+:-(.*)\}$/, '$1').replace(/^\$\{\w+:\?.*\}$/, 'a-chosen-password');

describe('the compose file', () => {
  it('starts Muniment alone unless the servers are asked for', () => {
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual(['muniment']);
    expect(services.map(([name]) => name)).toEqual(
      expect.arrayContaining(['kurrentdb', 'mongodb', 'kafka', 'mail', 'ldap', 'telemetry']),
    );
  });

  it('[SEC-M1] pins every image by version', () => {
    for (const [, { image }] of services) {
      if (image !== undefined) expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?[\w.-]*$/);
    }
  });

  it('[SEC-M2] holds no password, and demands one for Muniment', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (!name.includes('PASSWORD')) continue;
        expect(value).toMatch(/^(\$\{[A-Z_]+:\?.+\}|\/run\/secrets\/.+)$/);
      }
    }
  });

  it('[SEC-M2] opens ports on loopback alone', () => {
    for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('configures Muniment with variables that it knows', () => {
    const environment = compose.services['muniment']?.environment ?? {};
    const filled = Object.entries(environment).map(([name, value]) => [name, filledIn(value)]);
    expect(readConfiguration(Object.fromEntries(filled)).tls.mode).toBe('auto');
    expect(compose.services['muniment']?.read_only).toBe(true);
  });

  it('runs nodes on servers with variables that Muniment knows, and one deployment key', () => {
    for (const name of ['node-a', 'node-b']) {
      const { environment = {}, profiles } = compose.services[name] ?? {};
      expect(profiles).toEqual(['nodes']);
      const filled = Object.entries(environment).map(([variable, value]) => {
        if (variable.endsWith('_STORE_FILE') || variable === 'MUNIMENT_VAULT_FILE') {
          expect(value).toBe('/run/secrets/mongodb-url');
          return [variable.replace(/_FILE$/, ''), 'mongodb://muniment:secret@mongodb/muniment?authSource=admin'];
        }
        return [variable, filledIn(value)];
      });
      const { stores, masterKeyFile } = readConfiguration(Object.fromEntries(filled));
      expect(stores.events.kind).toBe('esdb');
      expect([stores.reads, stores.transient, stores.vault].map(({ kind }) => kind)).toEqual(Array(3).fill('mongodb'));
      expect(masterKeyFile).toBe('/data/keys/deployment.key');
    }
  });
});

describe('the image', () => {
  const instructions = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const of = (name: string) => instructions.filter((line) => line.startsWith(`${name} `));

  it('[SEC-M5] runs as another user than root, without a shell', () => {
    expect(of('USER')).toEqual(['USER node']);
    expect(of('CMD')).toEqual(['CMD ["node", "muniment.ts", "start"]']);
    expect(of('HEALTHCHECK')[0]).toContain('CMD ["node", "-e",');
  });

  it('[SEC-M1] is built on one pinned release, and runs no scripts of packages', () => {
    expect(of('FROM').every((line) => /^FROM node:\d+\.\d+\.\d+-bookworm-slim/.test(line))).toBe(true);
    expect(of('RUN')[0]).toContain('npm ci --omit=dev --ignore-scripts');
  });

  it('copies what there is', () => {
    const copied = of('COPY')
      .filter((line) => !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
