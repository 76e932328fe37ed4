"""What an official client for Python must be able to do with the endpoint.

`smoke.py module port`: everything. `smoke.py module read user:password@host:port?options stream`: as an auditor.
"""

import importlib
import json
import sys
from uuid import uuid4

module = importlib.import_module(sys.argv[1])
newer = sys.argv[1] == "kurrentdbclient"
errors = importlib.import_module(f"{sys.argv[1]}.exceptions")
Client = module.KurrentDBClient if newer else module.EventStoreDBClient
scheme = "kurrentdb" if newer else "esdb"
auditing = sys.argv[2] == "read"
client = Client(uri=f"{scheme}://{sys.argv[3]}" if auditing else f"{scheme}://127.0.0.1:{sys.argv[2]}?tls=false")

NO_STREAM = module.StreamState.NO_STREAM
WrongRevision = errors.WrongCurrentVersionError if hasattr(errors, "WrongCurrentVersionError") else errors.WrongCurrentVersion
NotFound = errors.NotFoundError if hasattr(errors, "NotFoundError") else errors.NotFound
Deleted = errors.StreamIsDeletedError if hasattr(errors, "StreamIsDeletedError") else errors.StreamIsDeleted


def event(index):
    data = json.dumps({"index": index, "text": "Grüße"}).encode()
    return module.NewEvent(type="test.thing.happened.v1", data=data, metadata=b'{"who":"me"}')


def fails(kind, work):
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def audit(stream):
    everything = list(client.read_all())
    positions = [e.commit_position for e in everything]
    assert positions == sorted(set(positions)) and len(positions) > 10, positions
    of_stream = list(client.get_stream(stream))
    assert [e.type for e in of_stream][0] == "identity.user.created.v1", of_stream
    assert [e.id for e in everything if e.stream_name == stream] == [e.id for e in of_stream]
    for received in client.subscribe_to_all(filter_include=["user-.*"], filter_by_stream_name=True):
        if received.stream_name == stream:
            break
    fails(Exception, lambda: client.append_to_stream(stream, current_version=module.StreamState.ANY, events=[event(0)]))
    assert [e.id for e in client.get_stream(stream)] == [e.id for e in of_stream]
    client.close()
    print("passed")


if auditing:
    audit(sys.argv[4])
    sys.exit()

stream = f"user-{uuid4()}"
first = [event(0), event(1)]
position = client.append_to_stream(stream, current_version=NO_STREAM, events=first)
assert position > 0

read = list(client.get_stream(stream))
assert [e.id for e in read] == [e.id for e in first], read
assert [e.stream_position for e in read] == [0, 1], read
assert json.loads(read[1].data) == {"index": 1, "text": "Grüße"}
assert read[1].metadata == b'{"who":"me"}'
assert [e.stream_position for e in client.get_stream(stream, backwards=True, limit=1)] == [1]

wrong = fails(WrongRevision, lambda: client.append_to_stream(stream, current_version=5, events=[event(2)]))
assert "1" in str(wrong), wrong
fails(NotFound, lambda: list(client.get_stream(f"user-{uuid4()}")))

assert [e.id for e in client.read_all(commit_position=0)][-2:] == [e.id for e in first]

subscription = client.subscribe_to_all(filter_include=[f"{stream}"], filter_by_stream_name=True)
live = event(2)
seen = []
for received in subscription:
    seen.append(received.id)
    if len(seen) == 2:
        client.append_to_stream(stream, current_version=1, events=[live])
    if len(seen) == 3:
        break
subscription.stop()
assert seen == [first[0].id, first[1].id, live.id], seen

client.set_stream_metadata(stream, metadata={"$maxCount": 1}, current_version=module.StreamState.ANY)
metadata, _ = client.get_stream_metadata(stream)
assert metadata == {"$maxCount": 1}, metadata
assert [e.stream_position for e in client.get_stream(stream)] == [2]

client.delete_stream(stream, current_version=2)
fails(NotFound, lambda: list(client.get_stream(stream)))
client.append_to_stream(stream, current_version=2, events=[event(3)])
assert [e.stream_position for e in client.get_stream(stream)] == [3]
client.tombstone_stream(stream, current_version=3)
fails(Deleted, lambda: list(client.get_stream(stream)))
client.close()
print("passed")
