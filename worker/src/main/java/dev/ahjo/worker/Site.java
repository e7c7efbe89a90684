package dev.ahjo.worker;

import dev.ahjo.worker.log.Uplink;

/** What all builds of an agent share. */
record Site(
    AgentSettings settings, DataFolder data, BuildFolders folders, Uplink uplink, Asks asks) {}
