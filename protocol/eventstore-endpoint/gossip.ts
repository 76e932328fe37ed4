/** The members of the cluster, as clients ask for them to find a leader. */

import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import messages from '@eventstore/db-client/generated/gossip_pb.js';
import { wireUuid } from './wire-values.ts';

export interface ClusterMember {
  readonly host: string;
  readonly port: number;
  readonly state: 'leader' | 'follower';
  /** UUID. */
  readonly instanceId: string;
}

const FOLLOWER = 6;
const LEADER = 8;

export function clusterInfo(members: readonly ClusterMember[], nowMs: number): ClusterInfo {
  const infos = members.map(({ host, port, state, instanceId }) => {
    const info = new messages.MemberInfo();
    info.setInstanceId(wireUuid(instanceId, 'string'));
    info.setTimeStamp(String(BigInt(nowMs) * 10_000n));
    info.setState(state === 'leader' ? LEADER : FOLLOWER);
    info.setIsAlive(true);
    info.setHttpEndPoint(new messages.EndPoint().setAddress(host).setPort(port));
    return info;
  });
  return new messages.ClusterInfo().setMembersList(infos);
}
