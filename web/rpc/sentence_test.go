package rpc_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/souk-commerce/souk/web/rpc"
)

func TestSentence(t *testing.T) {
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"says what a service says", &rpc.Error{Code: rpc.FailedPrecondition, Message: "only 3 are left"}, "Only 3 are left"},
		{"keeps what is inside to itself", &rpc.Error{Code: rpc.Internal, Message: "pq: no such table"}, "Something went wrong on our side. Please try again."},
		{"names no path of a request", &rpc.Error{Code: rpc.InvalidArgument, Message: "Please check address.line1: too short.", Fields: []rpc.Field{{Path: "address.line1", Sentence: "too short"}}}, "Please check what you entered."},
		{"knows a shop out of reach", fmt.Errorf("load: %w", &rpc.Error{Code: rpc.Unavailable}), "We cannot reach the shop at the moment. Please try again."},
		{"is calm about the unknown", errors.New("?"), "Something went wrong on our side. Please try again."},
	}
	for _, c := range cases {
		if got := rpc.Sentence(c.err); got != c.want {
			t.Errorf("%s: Sentence = %q, want %q", c.name, got, c.want)
		}
	}
}
