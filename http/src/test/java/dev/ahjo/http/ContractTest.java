package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.core.status.Listing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The API's description and the API are the same; every other test holds its answers to it. */
class ContractTest {
  @Test
  void everyRouteIsDescribedAndEveryDescriptionIsRouted() {
    try (Desk desk = new Desk()) {
      assertThat(desk.apiRoutes()).containsExactlyInAnyOrderElementsOf(Contract.operations());
    }
  }

  @Test
  void isServedWithATag() {
    try (Desk desk = new Desk()) {
      var answer = desk.get("/api/v1/openapi.json");
      assertThat(answer.json().path("openapi").asText()).startsWith("3.1");
      var again = desk.get("/api/v1/openapi.json", "If-None-Match", answer.header("ETag"));
      assertThat(again.status()).isEqualTo(304);
      assertThat(again.text()).isEmpty();
    }
  }

  @Test
  void everyFilterOfTheDescriptionIsTakenAndNoOther() {
    try (Desk desk = new Desk()) {
      JsonNode paths = desk.get("/api/v1/openapi.json").json().path("paths");
      for (Listing listing : Listing.values()) {
        String list = listing.name().toLowerCase(Locale.ROOT);
        List<String> described = new ArrayList<>();
        for (JsonNode parameter : paths.path("/api/v1/" + list).path("get").path("parameters")) {
          JsonNode values = parameter.at("/schema/items/enum");
          String value = values.isArray() ? values.get(0).asText() : "1";
          String filter = list + "?" + parameter.path("name").asText() + "=" + value;
          assertThat(desk.get("/api/v1/" + filter).status()).as(filter).isEqualTo(200);
          described.add(parameter.path("name").asText());
        }
        described.removeAll(List.of("limit", "after"));
        assertThat(described).as(list).containsExactlyInAnyOrderElementsOf(listing.fields());
        var unknown = desk.get("/api/v1/" + list + "?colour=red");
        assertThat(unknown.status()).isEqualTo(400);
        assertThat(unknown.json().at("/errors/0/field").asText()).isEqualTo("colour");
      }
    }
  }
}
