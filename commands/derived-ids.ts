/** UUIDs that follow from a name: a repeated command repeats its ids (RFC 9562 §5.5). */
import { createHash } from 'node:crypto';

const NAMESPACE = Buffer.from('c7a5d1de7f3e4b6fa1c6b1a2e3d4f506', 'hex');

export function uuidFrom(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
