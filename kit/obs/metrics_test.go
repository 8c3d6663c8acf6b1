package obs_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/souk-commerce/souk/kit/obs"
)

func TestNumbersAreShown(t *testing.T) {
	// Made before anybody measures, as packages do.
	early, err := otel.Meter("test").Int64Counter("parcels")
	if err != nil {
		t.Fatal(err)
	}
	handler, stop, err := obs.Measure("post", "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t.Context())
	early.Add(t.Context(), 3, metric.WithAttributes(attribute.String("to", "ada")))
	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`parcels_total{to="ada"} 3`, "go_goroutines", `target_info{service_name="post",service_version="v1"} 1`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
