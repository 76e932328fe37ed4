/** The certificate that the server shows: the operator's files, or one made on the first start for this machine. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

export interface Certificate {
  /** PEM, the leaf first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** A sentence for the operator: which file, what is wrong with it, what to do. */
export class CertificateUnusable extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'CertificateUnusable';
  }
}

const DAYS_VALID = 365;
const DAY_MS = 86_400_000;
const KEY_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Checked before the server listens: a wrong file stops the start. */
export async function readCertificate(
  files: { readonly certificateFile: string; readonly keyFile: string },
  nowMs: number,
): Promise<Certificate> {
  const { certificateFile, keyFile } = files;
  const cert = await contentOf(certificateFile);
  const key = await contentOf(keyFile);
  const certificate = parsed(certificateFile, 'PEM certificate', () => new X509Certificate(cert));
  const privateKey = parsed(keyFile, 'unencrypted PEM private key', () => createPrivateKey(key));
  refuseUnfit({ certificate, privateKey, certificateFile, keyFile, nowMs });
  return { cert, key };
}

/** Self-signed, under `<data>/tls`; made again when it has expired or is for another name than `url`. */
export async function ownCertificate(data: string, url: string, nowMs: number): Promise<Certificate> {
  const folder = join(data, 'tls');
  const files = { certificateFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  const kept = await keptCertificate(files, host, nowMs);
  if (kept !== null) return kept;

  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const made = await make(host, nowMs);
  // The key first: a certificate without its key would stop the next start.
  await replace(files.keyFile, made.key);
  await replace(files.certificateFile, made.cert);
  return made;
}

async function keptCertificate(
  files: { readonly certificateFile: string; readonly keyFile: string },
  host: string,
  nowMs: number,
): Promise<Certificate | null> {
  try {
    const kept = await readCertificate(files, nowMs);
    const certificate = new X509Certificate(kept.cert);
    const isForHost = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
    return isForHost === undefined ? null : kept;
  } catch (error) {
    if (error instanceof CertificateUnusable) return null; // absent, expired or half written: it is ours to make again
    throw error;
  }
}

async function make(host: string, nowMs: number): Promise<Certificate> {
  const { generate } = await import('selfsigned');
  const names = new Set(['localhost', '127.0.0.1', '::1', host]);
  const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS), // clocks differ
    notAfterDate: new Date(nowMs + DAYS_VALID * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names].map((name) =>
          isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
        ),
      },
    ],
  });
  return { cert, key };
}

async function replace(file: string, content: string): Promise<void> {
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', KEY_MODE);
  try {
    await handle.writeFile(content);
    await handle.chmod(KEY_MODE);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CertificateUnusable(
      `${file} cannot be read (${error.code}). Is the path right, and may this account read it?`,
      {
        cause: error,
      },
    );
  }
}

function parsed<Value>(file: string, kind: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new CertificateUnusable(`${file} holds no ${kind}.`, { cause: error });
  }
}

interface Pair {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly nowMs: number;
}

function refuseUnfit({ certificate, privateKey, certificateFile, keyFile, nowMs }: Pair): void {
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateUnusable(`the key in ${keyFile} is not that of the certificate in ${certificateFile}.`);
  }
  if (certificate.validToDate.getTime() <= nowMs) {
    throw new CertificateUnusable(`the certificate in ${certificateFile} expired on ${certificate.validTo}. Renew it.`);
  }
  if (certificate.validFromDate.getTime() > nowMs) {
    throw new CertificateUnusable(
      `the certificate in ${certificateFile} is not valid before ${certificate.validFrom}.`,
    );
  }
}
