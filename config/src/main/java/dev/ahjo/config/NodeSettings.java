package dev.ahjo.config;

import dev.ahjo.config.node.Machine;
import dev.ahjo.config.node.NodeReader;
import dev.ahjo.config.yaml.Document;
import dev.ahjo.config.yaml.Problems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a node is told by its settings file. Every field has a value that is safe on a machine
 * shared with strangers: nothing listens beyond loopback unless tokens and TLS guard it.
 *
 * @param name the node's, unique in its cluster
 * @param cluster where other nodes reach this one
 * @param http where people and programs reach it
 * @param gate where workers reach it
 * @param seeds the nodes by which it finds its cluster
 * @param data the folder of everything that it keeps
 * @param projects the folder of project files that it watches
 * @param storage where facts, logs and read tables are kept
 * @param workerTokens the file of tokens by which workers prove their names
 * @param adminTokens the file of tokens that may change things over HTTP
 * @param callers who may read over HTTP, and by which names
 */
public record NodeSettings(
    String name,
    Set<Role> roles,
    Listen cluster,
    Listen http,
    Listen gate,
    Seeds seeds,
    Path data,
    Path projects,
    Storage storage,
    Limits limits,
    Optional<Path> workerTokens,
    Optional<Path> adminTokens,
    Callers callers) {

  public NodeSettings {
    roles = Set.copyOf(roles);
  }

  /** One whose reads are open. */
  public NodeSettings(
      String name,
      Set<Role> roles,
      Listen cluster,
      Listen http,
      Listen gate,
      Seeds seeds,
      Path data,
      Path projects,
      Storage storage,
      Limits limits,
      Optional<Path> workerTokens,
      Optional<Path> adminTokens) {
    this(
        name,
        roles,
        cluster,
        http,
        gate,
        seeds,
        data,
        projects,
        storage,
        limits,
        workerTokens,
        adminTokens,
        Callers.ALL);
  }

  /**
   * Who may call over HTTP, and how.
   *
   * @param readsNeedToken whether reading needs one of the admins' tokens, as changing does
   * @param names further ones, in small letters, by which a node on the loopback is called: those
   *     that a proxy before it keeps
   */
  public record Callers(boolean readsNeedToken, Set<String> names) {
    /** Whoever reaches the port reads, by the port's own names. */
    public static final Callers ALL = new Callers(false, Set.of());

    public Callers {
      names = Set.copyOf(names);
    }
  }

  /** What a node does. */
  public enum Role {
    /** Holds entities. */
    ENGINE,
    /** Lets workers in. */
    GATE,
    /** Serves pages and the API. */
    WEB
  }

  /**
   * An address to listen on.
   *
   * @param host a name or an address
   * @param port 0 for any that is free
   * @param tls nothing goes in the clear when it is there
   * @param advertise what others are told to dial, where it is not {@code host}
   */
  public record Listen(String host, int port, Optional<Tls> tls, Optional<String> advertise) {
    /** One that others dial by the very address that is listened on. */
    public Listen(String host, int port, Optional<Tls> tls) {
      this(host, port, tls, Optional.empty());
    }
  }

  /** The nodes of which more than half must agree before they form a cluster. */
  public sealed interface Seeds {
    /** The node is alone. */
    record Alone() implements Seeds {}

    /** Named one by one, the same on all nodes; this one is among them if it may form a cluster. */
    record Listed(List<Place> places) implements Seeds {
      public Listed {
        places = List.copyOf(places);
      }
    }

    /**
     * All addresses of one name.
     *
     * @param nodes how many addresses it has when all are there
     */
    record Named(String dns, int port, int nodes) implements Seeds {}

    /** Where a node listens for others. */
    record Place(String host, int port) {}
  }

  /**
   * PEM files.
   *
   * @param authority who must have signed the other side's certificate, if it has to show one
   */
  public record Tls(Path certificate, Path key, Optional<Path> authority) {}

  /** Where facts, logs and read tables are kept. */
  public sealed interface Storage {
    /** In the data folder; for a node that is alone. */
    record Embedded() implements Storage {}

    /**
     * In Cassandra, with other nodes.
     *
     * @param contactPoints some of its servers, by which the others are found
     * @param datacenter whose servers are asked and whose majority decides
     * @param keyspace the name that all tables of this farm stand under
     * @param replication on how many servers of the datacenter each row is, if this node makes the
     *     keyspace
     * @param create whether a node makes or migrates the tables by itself when it starts
     * @param login who this node is to Cassandra, if it asks
     * @param tls nothing goes in the clear when it is there
     */
    record Cassandra(
        List<ContactPoint> contactPoints,
        String datacenter,
        String keyspace,
        int replication,
        boolean create,
        Optional<Login> login,
        Optional<ClientTls> tls)
        implements Storage {
      public Cassandra {
        contactPoints = List.copyOf(contactPoints);
      }

      /** On a network that is trusted. */
      public Cassandra(
          List<ContactPoint> contactPoints,
          String datacenter,
          String keyspace,
          int replication,
          boolean create,
          Optional<Login> login) {
        this(contactPoints, datacenter, keyspace, replication, create, login, Optional.empty());
      }
    }

    /**
     * In PostgreSQL, with other nodes.
     *
     * @param servers of which the one that may be written is used, whichever it is
     * @param schema the name that all tables of this farm stand under
     * @param create whether a node makes or migrates the tables by itself when it starts
     * @param user who this node is to PostgreSQL
     * @param authority who must have signed the server's certificate, instead of those whom Java
     *     trusts
     */
    record Postgresql(
        List<ContactPoint> servers,
        String database,
        String schema,
        boolean create,
        String user,
        Password password,
        TlsMode tls,
        Optional<Path> authority)
        implements Storage {
      public Postgresql {
        servers = List.copyOf(servers);
      }
    }

    /** What a server has to show before it is spoken to, in PostgreSQL's own words. */
    enum TlsMode {
      DISABLE,
      REQUIRE,
      VERIFY_CA,
      VERIFY_FULL
    }

    /** Where a password is found. */
    sealed interface Password {
      /** The server asks for none. */
      record None() implements Password {}

      /** In the first line of a file. */
      record InFile(Path file) implements Password {}

      /** In the environment of the node. */
      record InEnvironment(String variable) implements Password {}
    }

    /** A server of the database. */
    record ContactPoint(String host, int port) {}

    /**
     * A user of the database.
     *
     * @param passwordFile whose first line is the password
     */
    record Login(String user, Path passwordFile) {}

    /**
     * PEM files of one who dials.
     *
     * @param authority who must have signed the servers' certificates
     * @param own this node's, if the servers ask for one
     */
    record ClientTls(Path authority, Optional<Certificate> own) {}

    /** A certificate and its key. */
    record Certificate(Path certificate, Path key) {}
  }

  /**
   * What keeps a node from growing without end.
   *
   * @param logAge logs of older builds are pruned; their record stays
   * @param logSize bytes of all logs, beyond which the oldest are pruned
   */
  public record Limits(Duration logAge, long logSize) {}

  /**
   * Reads a settings file. Never throws, whatever the text is. Paths in it are relative to the
   * folder that the file is in.
   *
   * @param file as problems name it
   * @param text at most {@link Document#MAX_BYTES} bytes of UTF-8
   */
  public static Reading<NodeSettings> read(Path file, String text) {
    return read(file, text, Machine.here());
  }

  /** As above, on another machine. */
  public static Reading<NodeSettings> read(Path file, String text, Machine machine) {
    var problems = new Problems(file.toString());
    Path folder = file.toAbsolutePath().normalize().getParent();
    Path base = folder == null ? file.toAbsolutePath() : folder;
    Optional<NodeSettings> settings =
        Document.read(file.toString(), text, problems, new NodeReader(base, machine)::read);
    return settings.isPresent() && !problems.errors()
        ? new Reading.Valid<>(settings.get(), problems.inFileOrder())
        : new Reading.Invalid<>(problems.inFileOrder());
  }
}
