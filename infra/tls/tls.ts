/** From the configuration's choice to what the server listens with. */
import type { Configuration } from '../config/config.ts';
import { type Certificate, ownCertificate, readCertificate } from './certificate.ts';

/** Null: plain HTTP. Throws `CertificateUnusable`. */
export async function loadTls(
  { tls, data, url }: Pick<Configuration, 'tls' | 'data' | 'url'>,
  nowMs: number = Date.now(),
): Promise<Certificate | null> {
  switch (tls.mode) {
    case 'off':
      return null;
    case 'auto':
      return await ownCertificate(data, url, nowMs);
    case 'files':
      return await readCertificate(tls, nowMs);
    default:
      return tls satisfies never;
  }
}
