namespace WireGate.Core.Configuration;

/// <summary>Limits that a peer may run into. Each default says where it comes from.</summary>
public sealed record LimitsConfig
{
    /// <summary>
    /// From accept to a proven identity; absolute, not per byte. PostgreSQL's authentication_timeout is 60 s; ten is ample for a
    /// program and what an idle attacker may hold.
    /// </summary>
    public TimeSpan Authentication { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Of SSH, from the first keys to a proven identity, which people may have to type; absolute. OpenSSH's LoginGraceTime has 2 min,
    /// which is what an idle attacker may hold too. Up to the keys <see cref="Authentication"/> counts.
    /// </summary>
    public TimeSpan LoginGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Of SSH, bytes in one direction of a leg after which its keys are exchanged again; null: what the cipher is good for, as with OpenSSH
    /// (64 GiB of AES, 1 GiB of ChaCha20). sshd's RekeyLimit.
    /// </summary>
    public int? RekeyBytes { get; init; }

    /// <summary>Of SSH, how long the keys of both legs are in use before they are exchanged again; null: as long as it takes. sshd's RekeyLimit.</summary>
    public TimeSpan? RekeyTime { get; init; }

    /// <summary>From a proven identity to ReadyForQuery, all addresses together. Below libpq's habitual connect_timeout of 30 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes of a frame that is collected whole to be read. PostgreSQL's own bound is 1 GiB, which nobody should hold.</summary>
    public int InspectedFrame { get; init; } = 16 * 1024 * 1024;

    /// <summary>Of HTTP, from the first byte of a request's head to its last; absolute. nginx: 60 s, Kestrel: 30 s, Apache: 20 s.</summary>
    public TimeSpan RequestHead { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Of HTTP, bytes of a request's body in a second, while the upstream takes them and has not answered. Kestrel's MinRequestBodyDataRate: 240.
    /// </summary>
    public int RequestBodyRate { get; init; } = 240;

    /// <summary>
    /// Of HTTP, from the last byte of a request to the first of its answer. nginx's proxy_read_timeout is 60 s; a model that thinks takes minutes.
    /// </summary>
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Of HTTP, between two bytes of an answer, and of what follows an upgrade. A log that is followed may be silent for long.</summary>
    public TimeSpan ResponseIdle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long sessions have, when the daemon is told to stop, to finish what is under way; zero: none. HAProxy's hard-stop-after has no default,
    /// Kubernetes' terminationGracePeriodSeconds 30 s.
    /// </summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sessions of one listener. PostgreSQL's max_connections is 100; pgbouncer's max_client_conn in production some thousand.</summary>
    public int SessionsPerListener { get; init; } = 10_000;

    /// <summary>Sessions of one identity.</summary>
    public int SessionsPerIdentity { get; init; } = 1_000;

    /// <summary>Sessions of one source: an IPv4 address or an IPv6 /64.</summary>
    public int SessionsPerSource { get; init; } = 5_000;

    /// <summary>
    /// Connections of one source that have not yet proven an identity; not of this machine itself. A NAT or a CI host may well start some
    /// hundred clients in one moment, and each costs us 7 KB.
    /// </summary>
    public int UnprovenPerSource { get; init; } = 1_000;

    /// <summary>What one failed login adds to its source's penalty. OpenSSH's PerSourcePenalties authfail: 5 s.</summary>
    public TimeSpan FailurePenalty { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Penalty below which a source is still served. OpenSSH's PerSourcePenalties min: 15 s.</summary>
    public TimeSpan PenaltyThreshold { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The most a source can collect. OpenSSH's PerSourcePenalties max: 10 min.</summary>
    public TimeSpan PenaltyMaximum { get; init; } = TimeSpan.FromMinutes(10);
}
