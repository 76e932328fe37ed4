import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { type Certificate, CertificateUnusable, ownCertificate, readCertificate } from '../../infra/tls/certificate.ts';
import { buildServer } from '../../protocol/http/server.ts';
import { superTenant } from '../protocol/http/fake-server.ts';

const now = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'muniment-tls-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const own = (url = 'https://id.example.com', nowMs = now) => ownCertificate(data, url, nowMs);

function filesOf({ cert, key }: Certificate) {
  const files = { certificateFile: join(data, 'a.pem'), keyFile: join(data, 'k.pem') };
  writeFileSync(files.certificateFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

describe('the certificate of the first start', () => {
  it('is for the public name and this machine, and valid for a year', async () => {
    const certificate = new X509Certificate((await own()).cert);
    expect(certificate.checkHost('id.example.com')).toBe('id.example.com');
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect([certificate.checkIP('127.0.0.1'), certificate.checkIP('::1')]).not.toContain(undefined);
    expect(certificate.validToDate.getTime()).toBe(now + YEAR_MS);
    expect(certificate.ca).toBe(false);
  });

  it('[SEC-M3] keeps its key for the account of the server alone', async () => {
    await own();
    expect(statSync(join(data, 'tls/key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'tls')).mode & 0o777).toBe(0o700);
  });

  it('stays the same until it expires or the name changes', async () => {
    const first = await own();
    expect(await own()).toEqual(first);
    expect(await own('https://other.example.com')).not.toEqual(first);
    const second = await own('https://other.example.com');
    expect(await own('https://other.example.com', now + YEAR_MS)).not.toEqual(second);
  });

  it('[SEC-M2] serves with the hybrid key exchange that modern clients ask for', async () => {
    const tls = await ownCertificate(data, 'https://localhost', Date.now());
    const server = buildServer({
      routes: [],
      telemetry: noTelemetry,
      tenants: { superTenant, byDomain: async () => null },
      authenticator: { authenticate: async () => null },
      tls,
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.server.address() as AddressInfo;
    const group = await new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert }, () => {
        resolve(socket.getEphemeralKeyInfo());
        socket.end();
      });
      socket.on('error', reject);
    });
    expect(group).toMatchObject({ name: 'X25519MLKEM768' });
    await server.close();
  });
});

describe('certificate files of the operator', () => {
  it('are taken as they are when they fit', async () => {
    const given = await own();
    expect(await readCertificate(filesOf(given), now)).toEqual(given);
  });

  it('stop the start with what is wrong', async () => {
    const given = await own();
    const files = filesOf(given);
    const refusal = async (change: Partial<typeof files>, nowMs = now) => {
      const error: unknown = await readCertificate({ ...files, ...change }, nowMs).catch((thrown: unknown) => thrown);
      return error instanceof CertificateUnusable ? error.message : '';
    };
    expect(await refusal({ certificateFile: join(data, 'absent.pem') })).toContain('cannot be read (ENOENT)');
    expect(await refusal({ certificateFile: files.keyFile })).toContain('holds no PEM certificate');
    expect(await refusal({ keyFile: files.certificateFile })).toContain('holds no unencrypted PEM private key');
    expect(await refusal({}, now + 2 * YEAR_MS)).toContain('expired on');
    expect(await refusal({}, now - YEAR_MS)).toContain('is not valid before');
    const other = await own('https://other.example.com');
    writeFileSync(files.keyFile, other.key);
    expect(await refusal({})).toContain('is not that of the certificate');
  });
});
