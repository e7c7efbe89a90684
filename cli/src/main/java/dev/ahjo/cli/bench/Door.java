package dev.ahjo.cli.bench;

import dev.ahjo.cli.Trust;
import dev.ahjo.wire.tls.TlsFiles;
import java.util.List;
import java.util.Optional;

/**
 * How simulated workers come in.
 *
 * @param gates where to join by remoting, each as {@code HOST:PORT}; they are spread over them
 * @param token that proves every one of their names
 * @param bind this machine's address, which the gates dial back
 * @param tls what all of them show to a gate that wants a certificate
 * @param trust whom those believe that come by WebSocket
 */
public record Door(
    List<String> gates, String token, String bind, Optional<TlsFiles> tls, Trust trust) {}
