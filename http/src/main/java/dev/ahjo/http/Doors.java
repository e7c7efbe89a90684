package dev.ahjo.http;

import dev.ahjo.core.Farm;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.project.ProjectReader;
import dev.ahjo.http.status.NodeDoor;
import dev.ahjo.http.worker.AgentDoor;
import java.time.InstantSource;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Everything that http reaches beyond itself.
 *
 * @param farm writes
 * @param status reads
 * @param workers where agents come in by WebSocket, if they may
 * @param chance of new ids: must be unpredictable and safe for many threads
 */
public record Doors(
    Farm farm,
    StatusStore status,
    StreamStore streams,
    Events events,
    ProjectReader projects,
    NodeDoor node,
    Optional<AgentDoor> workers,
    InstantSource clock,
    RandomGenerator chance) {}
