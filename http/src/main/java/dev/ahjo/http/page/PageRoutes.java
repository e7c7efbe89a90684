package dev.ahjo.http.page;

import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import java.util.List;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * The pages: what goes on, and one build. They are the same for everybody; what they show they ask
 * of the API.
 */
public final class PageRoutes {
  private static final RawHeader POLICY =
      RawHeader.create(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
              + " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  private static final RawHeader FOR_EVER =
      RawHeader.create("Cache-Control", "public, max-age=31536000, immutable");

  private final Assets assets = new Assets();
  private final byte[] home = assets.page("home.html");
  private final byte[] build = assets.page("build.html");

  public List<Route> routes() {
    return List.of(
        Route.get("/", call -> page(call, home)),
        Route.get("/builds/{project}/{builder}/{number}", this::build),
        Route.get("/ui/{version}/{file}", this::file));
  }

  private static HttpResponse page(Call call, byte[] html) {
    return Reply.tagged(call, ContentTypes.TEXT_HTML_UTF8, html).addHeader(POLICY);
  }

  private HttpResponse build(Call call) {
    call.build();
    return page(call, build);
  }

  private HttpResponse file(Call call) {
    return assets
        .file(call.text("version"), call.text("file"))
        .map(a ->
            HttpResponse.create()
                .addHeader(FOR_EVER)
                .withEntity(HttpEntities.create(a.type(), a.bytes())))
        .orElseThrow(() -> Problem.notFound("file", call.text("file")));
  }
}
