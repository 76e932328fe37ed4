// What the official client for Go must be able to do with the endpoint: everything, at the port that is the argument; or
// what an auditor does, with the arguments `read user:password@host:port?options stream`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

var ctx = context.Background()

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func check(ok bool, what string) {
	if !ok {
		log.Fatalf("failed: %s", what)
	}
}

func code(err error) esdb.ErrorCode {
	failure, _ := esdb.FromError(err)
	if failure == nil {
		return -1
	}
	return failure.Code()
}

func event(data string) esdb.EventData {
	return esdb.EventData{EventID: uuid.New(), EventType: "test.thing.happened.v1", ContentType: esdb.ContentTypeJson, Data: []byte(data), Metadata: []byte(`{"who":"me"}`)}
}

func read(client *esdb.Client, stream string) ([]*esdb.ResolvedEvent, error) {
	found, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{}, 100)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []*esdb.ResolvedEvent
	for {
		next, err := found.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
}

func follow(client *esdb.Client, stream string, first []esdb.EventData) {
	subscription, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
		From:   esdb.Start{},
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{stream}},
	})
	must(err)
	defer subscription.Close()
	live := event(`{"index":2}`)
	seen := []uuid.UUID{}
	for len(seen) < 3 {
		next := subscription.Recv()
		check(next.SubscriptionDropped == nil, "the subscription lives")
		if next.EventAppeared == nil {
			continue
		}
		seen = append(seen, next.EventAppeared.Event.EventID)
		if len(seen) == 2 {
			_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{}, live)
			must(err)
		}
	}
	check(seen[0] == first[0].EventID && seen[1] == first[1].EventID && seen[2] == live.EventID, "events in order")
}

func audit(address string, stream string) {
	settings, err := esdb.ParseConnectionString("esdb://" + address)
	must(err)
	client, err := esdb.NewClient(settings)
	must(err)
	defer client.Close()

	found, err := client.ReadAll(ctx, esdb.ReadAllOptions{}, 1_000_000)
	must(err)
	ofStream := 0
	last := uint64(0)
	for {
		next, err := found.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		must(err)
		check(next.Event.Position.Commit > last, "events in order")
		last = next.Event.Position.Commit
		if next.Event.StreamID == stream {
			ofStream++
		}
	}
	found.Close()
	all, err := read(client, stream)
	must(err)
	check(len(all) > 0 && len(all) == ofStream && all[0].Event.EventType == "identity.user.created.v1", "the stream")
	_, err = client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{}, event("{}"))
	check(err != nil, "an append that is refused")
	fmt.Println("passed")
}

func main() {
	if len(os.Args) == 4 {
		audit(os.Args[2], os.Args[3])
		return
	}
	settings, err := esdb.ParseConnectionString(fmt.Sprintf("esdb://127.0.0.1:%s?tls=false", os.Args[1]))
	must(err)
	client, err := esdb.NewClient(settings)
	must(err)
	defer client.Close()

	stream := "user-" + uuid.NewString()
	first := []esdb.EventData{event(`{"index":0,"text":"Grüße"}`), event(`{"index":1}`)}
	result, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, first...)
	must(err)
	check(result.NextExpectedVersion == 1 && result.CommitPosition > 0, "the revision of the last event")

	all, err := read(client, stream)
	must(err)
	check(len(all) == 2 && all[0].Event.EventID == first[0].EventID && all[1].Event.EventNumber == 1, "what was written")
	check(string(all[0].Event.Data) == `{"index":0,"text":"Grüße"}` && string(all[0].Event.UserMetadata) == `{"who":"me"}`, "the very bytes")

	_, err = client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(7)}, event("{}"))
	check(code(err) == esdb.ErrorCodeWrongExpectedVersion, "a wrong revision")
	_, err = read(client, "user-"+uuid.NewString())
	check(code(err) == esdb.ErrorCodeResourceNotFound, "an absent stream")

	follow(client, stream, first)

	metadata := esdb.StreamMetadata{}
	metadata.SetMaxCount(1)
	_, err = client.SetStreamMetadata(ctx, stream, esdb.AppendToStreamOptions{}, metadata)
	must(err)
	kept, err := client.GetStreamMetadata(ctx, stream, esdb.ReadStreamOptions{})
	must(err)
	check(kept.MaxCount() != nil && *kept.MaxCount() == 1, "metadata")
	all, err = read(client, stream)
	must(err)
	check(len(all) == 1 && all[0].Event.EventNumber == 2, "hidden events")

	_, err = client.DeleteStream(ctx, stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)})
	must(err)
	_, err = read(client, stream)
	check(code(err) == esdb.ErrorCodeResourceNotFound, "a deleted stream")
	_, err = client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	must(err)
	_, err = read(client, stream)
	check(code(err) == esdb.ErrorCodeStreamDeleted, "a tombstoned stream")
	fmt.Println("passed")
}
