package dev.ahjo.persistence.cassandra.server;

import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whom a server lets in: who speaks TLS, and has a password, of which {@code cassandra} with the
 * password {@code cassandra} is the first.
 *
 * @param own what it shows, and who must have signed what clients show
 * @param asks whether clients must show a certificate
 */
public record Guard(TlsFiles own, boolean asks) {
  /** What stands of it in {@code cassandra.yaml}. */
  String settings(Path conf) throws IOException {
    // One file is to hold both.
    Path shown = conf.resolve("server.pem");
    Files.writeString(shown, Files.readString(own.key()) + Files.readString(own.certificate()));
    return """
    authenticator: PasswordAuthenticator
    authorizer: CassandraAuthorizer
    role_manager: CassandraRoleManager
    client_encryption_options:
      enabled: true
      optional: false
      require_client_auth: %s
      ssl_context_factory: {class_name: org.apache.cassandra.security.PEMBasedSslContextFactory}
      keystore: %s
      truststore: %s
    """
        .formatted(asks, shown, own.authority().orElseThrow());
  }
}
