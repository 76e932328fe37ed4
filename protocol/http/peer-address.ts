/** Who is at the other end: the peer of the connection, or the address that a trusted proxy names. */
import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';

const MAPPED_IPV4 = '::ffff:';

const plain = (address: string): string =>
  address.startsWith(MAPPED_IPV4) && address.includes('.') ? address.slice(MAPPED_IPV4.length) : address;

const isIn = (blocks: BlockList, address: string): boolean =>
  blocks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * Each proxy adds its peer at the right of `X-Forwarded-For`, so the first address from the right that is no trusted
 * proxy is the last one that can be believed. Anything that is no address ends the walk.
 */
export function peerAddress(request: IncomingMessage, trusted: BlockList | null): string {
  const peer = plain(request.socket.remoteAddress ?? '');
  if (trusted === null || isIP(peer) === 0 || !isIn(trusted, peer)) return peer;
  const forwarded = request.headers['x-forwarded-for'];
  if (forwarded === undefined) return peer;
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',');
  let believed = peer;
  for (const hop of hops.reverse()) {
    const address = plain(hop.trim());
    if (isIP(address) === 0) return believed;
    believed = address;
    if (!isIn(trusted, address)) return believed;
  }
  return believed;
}
